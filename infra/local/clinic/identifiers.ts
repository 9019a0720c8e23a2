// Identifiers that look right and belong to nobody: ranges that were never issued, or are set aside for fiction and documentation.
import type { Random } from "./random.ts";

const pad = (value: number, width: number) => String(value).padStart(width, "0");

/** The check digit of ISO/IEC 7812-1 annex B (Luhn). */
export function luhn(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    sum += i % 2 === 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Medical record number of the n-th patient: `MRN-` and seven digits, the last a check digit. */
export function mrn(n: number): string {
  const body = pad((n * 7919) % 1_000_000, 6);
  return `MRN-${body}${luhn(body)}`;
}

/** National provider identifiers start with 1 or 2; these start with 9 (check digit over prefix 80840, as for real ones). */
export function npi(n: number): string {
  const body = `9${pad(n * 1009, 8)}`;
  return body + luhn(`80840${body}`);
}

/**
 * Social security number of the n-th patient. Areas 900 to 999 and 666 are never issued (20 CFR 422.103; groups 10 to 49
 * are not used by the taxpayer numbers that share 9xx either). Unique up to n = 160 000.
 */
export function ssn(n: number, random: Random): string {
  if (n % 20 === 0) {
    const k = n / 20;
    return `666-${pad(1 + (k % 99), 2)}-${pad(1 + Math.floor(k / 99) * 100 + random.int(0, 99), 4)}`;
  }
  return `${900 + (n % 100)}-${pad(10 + (Math.floor(n / 100) % 40), 2)}-${pad(1 + Math.floor(n / 4000) * 240 + random.int(0, 239), 4)}`;
}

const AREAS = [206, 212, 303, 312, 412, 503, 617, 734, 802, 907] as const;

/** 555-0100 to 555-0199 are set aside for fiction in every area code. */
export function phone(random: Random): string {
  const last = pad(100 + random.int(0, 99), 4);
  const area = random.pick(AREAS);
  return random.chance(0.7) ? `(${area}) 555-${last}` : `${area}-555-${last}`;
}

/** An address under example.org (RFC 2606); letters only, so that names with accents become plain. */
export function email(given: string, family: string, n: number): string {
  const plain = `${given}.${family}`.normalize("NFD").replace(/[^A-Za-z.]/g, "");
  return `${plain.toLowerCase()}${n}@example.org`;
}

/** Addresses for documentation: RFC 5737 and RFC 3849. */
export function ipAddress(random: Random): string {
  const net = random.pick(["192.0.2", "198.51.100", "203.0.113"]);
  return random.chance(0.85) ? `${net}.${random.int(1, 254)}` : `2001:db8::${random.int(1, 0xffff).toString(16)}`;
}

/** Unicast addresses for documentation (RFC 7042 section 2.1.2). */
export function mac(random: Random): string {
  return `00:00:5e:00:53:${random.int(0, 255).toString(16).padStart(2, "0")}`;
}

/** A version 8 UUID (RFC 9562 section 5.8): custom, so nobody's. */
export function uuid(random: Random): string {
  const hex = (width: number) => Array.from({ length: width }, () => random.int(0, 15).toString(16)).join("");
  return `${hex(8)}-${hex(4)}-8${hex(3)}-${random.pick(["8", "9", "a", "b"])}${hex(3)}-${hex(12)}`;
}
