// What the twins differ in: each masked value of the clinic becomes another one. Everything that masks leave stays as it is (the year of a
// date, which cells are null), and so does the size of every row, so that both keep the same pages and the server plans alike; the
// lengths of single cells differ all the same.

/** How letters and digits are exchanged: one to one, so that what was unique is. */
const LETTERS = [
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  "qwertyuiopasdfghjklzxcvbnmMNBVCXZLKJHGFDSAPOIUYTREWQ",
];
const DIGITS = ["123456789", "718293645"];

/** Letters beyond ASCII become two, which have as many bytes. */
const letters = (x: string): string =>
  `translate(regexp_replace(${x}, '[^\\x01-\\x7f]', 'oe', 'g'), '${LETTERS[0]}', '${LETTERS[1]}')`;
const digits = (x: string): string => `translate(${x}, '${DIGITS[0]}', '${DIGITS[1]}')`;
const both = (x: string): string => digits(letters(x));

/** Two texts: exchanged letters, and the border between them moved. */
function border(a: string, b: string, id: string): [string, string] {
  const all = both(`(${a}) || (${b})`);
  const cut = `1 + (length(${a}) + ${id}) % greatest(length(${a}) + length(${b}) - 1, 1)`;
  return [`left(${all}, ${cut})`, `substr(${all}, ${cut} + 1)`];
}

const [given, family] = border("given_name", "family_name", "id");
const [street, city] = border("(home).street", "(home).city", "id");
const [contact, relation] = border("(emergency_contact).name", "(emergency_contact).relation", "id");
const [holder, related] = border("insurance->'holder'->>'name'", "insurance->'holder'->>'relation'", "id");
const [recipient, sentStreet] = border("recipient", "(sent_to).street", "id");
const name = "substring(document::text from '<name>(.*)</name>')";
/** Phone numbers lend two characters to some email addresses. */
const lends = "(email IS NOT NULL AND id % 3 = 0)";

/** An address of the network's other version has twelve bytes more or less: an email address gives or takes them. */
const longer = "(id % 3 = 1 AND length(email) > 26 AND last_login_ip IS NOT NULL)";

/** Another day of the same year, so that a mask that leaves the year shows no difference. */
const sameYear = (day: string, id: string): string =>
  `make_date(extract(year FROM ${day})::int, 1 + (extract(month FROM ${day})::int + ${id}) % 12, 1 + (extract(day FROM ${day})::int + ${id}) % 28)`;
const document = (field: string): string => both(`insurance->>'${field}'`);

/** Per table, the columns whose masks hide everything (or all but the year) from the demo's engineers, and their other values. */
export const OTHER_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "public.patients": {
    given_name: given,
    family_name: family,
    birth_date: sameYear("birth_date", "id"),
    ssn: digits("ssn"),
    phone: `CASE WHEN ${lends} THEN left(${digits("phone")}, -2) ELSE ${digits("phone")} END`,
    email: `CASE WHEN ${lends} THEN 'zq' WHEN ${longer} AND family(last_login_ip) = 6 THEN 'zqxzqxzqxzqx' ELSE '' END
      || CASE WHEN ${longer} AND family(last_login_ip) = 4 THEN right(${letters("email")}, -12) ELSE ${letters("email")} END`,
    home: `ROW(${street}, ${city}, ${letters("(home).state")}, ${digits("(home).zip")})::postal_address`,
    emergency_contact: `CASE WHEN emergency_contact IS NOT NULL THEN ROW(${contact}, ${relation}, ${digits("(emergency_contact).phone")})::contact END`,
    last_login_ip: `CASE (family(last_login_ip) = 4) <> coalesce(${longer}, false) WHEN true THEN inet '10.9.0.0' WHEN false THEN inet 'fd00::' END + (id * 37) % 65536`,
    insurance: `jsonb_build_object('payer', ${document("payer")}, 'plan', ${document("plan")}, 'member', ${document("member")}, 'group', ${document("group")},
      'holder', jsonb_build_object('name', ${holder}, 'relation', ${related}), 'copay', ${digits("insurance->>'copay'")}::numeric)`,
    photo: "decode(translate(encode(photo, 'hex'), '0123456789abcdef', '98765432cdef01ab'), 'hex')",
    deceased_on: sameYear("deceased_on", "id"),
  },
  "public.devices": {
    address: "CASE family(address) WHEN 4 THEN inet '10.8.0.0' WHEN 6 THEN inet 'fd01::' END + (id * 41) % 65536",
  },
  "public.appointments": { reminder_phone: `reverse(${digits("reminder_phone")})` },
  "public.referrals": {
    document: `replace(${digits("document::text")}, ${name}, reverse(${letters(name)}))::xml`,
  },
  "public.outreach_calls": { number: `reverse(${digits("number")})` },
  "public.outreach_letters": {
    recipient,
    sent_to: `ROW(${sentStreet}, (sent_to).city, ${letters("(sent_to).state")}, ${digits("(sent_to).zip")})::postal_address`,
  },
};
