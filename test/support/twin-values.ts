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

/** SQL expressions over the row, by table and column. */
type Values = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Per table, the columns whose masks hide everything (or all but the year) from the demo's engineers, and their other values. */
export const OTHER_VALUES: Values = {
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

const later = (column: string, what = "id % 9 + 1"): string => `${column} + (${what}) * interval '1 hour'`;
const each = (array: string): string => `ARRAY(SELECT ${both("x")} FROM unnest(${array}) AS x)`;
const written = (...columns: string[]) => Object.fromEntries(columns.map((column) => [column, both(column)]));
const dated = (...columns: string[]) => Object.fromEntries(columns.map((column) => [column, sameYear(column, "id")]));

/** The value of another row: a key tells whoever may write whether a value is in use, so the same ones are. */
const ofAnother = (table: string, column: string): string =>
  `(SELECT o.${column} FROM ${table} o WHERE o.id = ${table}.id % (SELECT max(id) FROM ${table}) + 1)`;

/** Other values for all that belongs to any class: for a policy under which masks hide everything from everybody. */
export const ALL_OTHER_VALUES: Values = {
  ...OTHER_VALUES,
  "public.clinicians": { phone: digits("phone") },
  "public.patients": {
    ...OTHER_VALUES["public.patients"],
    mrn: digits("mrn"),
    birth_date: "birth_date - 100 * (id % 50 + 1)",
    portal_id: "translate(portal_id::text, '0123456789abcdef', 'fedcba9876543210')::uuid",
    allergies: `CASE WHEN id % 3 = 0 AND cardinality(allergies) = 1 THEN allergies || ''::text ELSE ${each("allergies")} END`,
    deceased_on: "deceased_on - (id % 20 + 1)",
    note: both("note"),
    created_at: later("created_at"),
  },
  "public.encounters": {
    admitted_at: later("admitted_at"),
    discharged_at: later("discharged_at", "id % 4 + 12"),
    vitals: `(${digits("vitals::text")})::jsonb`,
    ...written("reason"),
  },
  "public.diagnoses": {
    code: ofAnother("diagnoses", "code"),
    chronic: "NOT chronic",
    ...written("comment"),
    ...dated("noted_on"),
  },
  "public.lab_results": {
    ...written("loinc", "test", "unit"),
    value: "value + id % 5 + 1",
    reference: "numrange(lower(reference) + 1, upper(reference) + 3)",
    abnormal: "NOT abnormal",
    ...dated("collected_on"),
    reported_at: later("reported_at"),
  },
  "public.prescriptions": {
    drug: ofAnother("prescriptions", "drug"),
    ...written("dose", "instructions"),
    quantity: "quantity + id % 7 + 1",
    refills: "refills + 1",
    ...dated("prescribed_on"),
    lasts: "lasts * 2",
  },
  "public.appointments": {
    ...OTHER_VALUES["public.appointments"],
    slot: `tstzrange(${later("lower(slot)")}, ${later("upper(slot)", "id % 9 + 3")})`,
    ...written("reason"),
  },
  // The words of a note in their opposite order: the index that is made of them keeps its size.
  "public.clinical_notes": {
    written_at: later("written_at"),
    ...written("title"),
    body: "array_to_string(ARRAY(SELECT w FROM regexp_split_to_table(body, ' ') WITH ORDINALITY AS u (w, n) ORDER BY n DESC), ' ')",
  },
  "public.devices": {
    ...OTHER_VALUES["public.devices"],
    ...written("kind", "serial"),
    mac: "~mac",
    ...dated("implanted_on"),
    settings: `(${digits("settings::text")})::jsonb || jsonb_build_object('alarm', NOT (settings ->> 'alarm')::boolean)`,
  },
  "public.referrals": { ...OTHER_VALUES["public.referrals"], ...dated("sent_on") },
  "public.outreach_calls": {
    ...OTHER_VALUES["public.outreach_calls"],
    ...written("summary"),
    happened_at: later("happened_at"),
  },
  "public.outreach_letters": {
    ...OTHER_VALUES["public.outreach_letters"],
    ...written("summary"),
    happened_at: later("happened_at"),
  },
  "billing.claims": {
    ...written("member_number"),
    diagnosis_codes: each("diagnosis_codes"),
    ...dated("submitted_on"),
    lines: `(${digits("lines::text")})::jsonb`,
  },
};
