// URLs, e-mail addresses, IP addresses (45 CFR 164.514(b)(2)(i)(F), (N), (O)).
import { type Detector, isDigit, isLetterByte, isWordByte, type Reading } from "./reading.ts";

const SCHEMES = ["http://", "https://", "ftp://", "www."];

function startsWith(reading: Reading, i: number, text: string): boolean {
  for (let k = 0; k < text.length; k++) {
    const byte = reading.byte(i + k);
    const small = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (small !== text.charCodeAt(k)) return false;
  }
  return true;
}

const isUrlByte = (byte: number): boolean => byte > 32 && byte !== 34 && byte !== 39 && byte !== 60 && byte !== 62;

const url: Detector = {
  name: "url",
  label: "URL",
  starts: "letter",
  find(reading, i) {
    if (!SCHEMES.some((scheme) => startsWith(reading, i, scheme))) return 0;
    let end = i;
    while (isUrlByte(reading.byte(end))) end++;
    // A sentence's own punctuation is no part of it.
    while (!isWordByte(reading.byte(end - 1)) && reading.byte(end - 1) !== 47) end--;
    return end;
  },
};

const isLocalByte = (byte: number): boolean =>
  isWordByte(byte) || byte === 46 || byte === 95 || byte === 37 || byte === 43 || byte === 45;

const email: Detector = {
  name: "email",
  label: "EMAIL",
  starts: "any",
  find(reading, i) {
    if (i < reading.noEmailBefore) return 0;
    let at = i;
    while (isLocalByte(reading.byte(at))) at++;
    const end = at > i && reading.byte(at) === 64 ? domainEnd(reading, at + 1) : 0;
    if (end === 0) reading.noEmailBefore = at;
    return end;
  },
};

/** The end of a domain name with a dot in it, or 0. */
function domainEnd(reading: Reading, i: number): number {
  let at = i;
  let dot = 0;
  while (isWordByte(reading.byte(at)) || reading.byte(at) === 45 || reading.byte(at) === 46) {
    if (reading.byte(at) === 46 && isWordByte(reading.byte(at + 1)) && at > i) dot = at;
    at++;
  }
  while (at > i && !isWordByte(reading.byte(at - 1))) at--;
  return dot > 0 ? at : 0;
}

const ip: Detector = {
  name: "ip",
  label: "IP",
  starts: "any",
  find(reading, i) {
    return ipv4End(reading, i) || ipv6End(reading, i);
  },
};

function ipv4End(reading: Reading, i: number): number {
  if (!isDigit(reading.byte(i))) return 0;
  reading.groups(i);
  if (reading.count < 4) return 0;
  for (let k = 0; k < 4; k++) {
    if (reading.value[k]! > 255 || (k > 0 && reading.separator[k] !== 46)) return 0;
  }
  return reading.until[3]!;
}

const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 32) >= 97 && (byte | 32) <= 102);

/** Hexadecimal groups of up to four with four colons or more, or two of them together: a time of day has neither. */
function ipv6End(reading: Reading, i: number): number {
  let at = i;
  let colons = 0;
  let double = false;
  let run = 0;
  while (at - i < 40 && (isHex(reading.byte(at)) || reading.byte(at) === 58)) {
    if (reading.byte(at) === 58) {
      colons++;
      double ||= reading.byte(at + 1) === 58;
      run = 0;
    } else if (++run > 4) return 0;
    at++;
  }
  const whole = !isLetterByte(reading.byte(at)) && at > i + 2;
  return whole && (colons >= 4 || (double && colons >= 2)) ? at : 0;
}

export const CONTACTS: readonly Detector[] = [url, email, ip];
