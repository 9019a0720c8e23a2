// The words in which access.cedar speaks: Cedar schema, and the policies that hold in every bundle.
// Facts become entities and context in questions.ts; both files change together.

/** What a policy may be about. Policies that do not validate against it are refused (strict mode). */
export const CEDAR_SCHEMA = `
entity Group;

// Who asks, from a verified token. An agent acts for a person.
entity User, Workload in [Group] {
  name: String, issuer: String, subject: String, email?: String, amr: Set<String>, authTime?: datetime,
};
entity Agent in [Group] {
  name: String, issuer: String, subject: String, email?: String, amr: Set<String>, authTime?: datetime, actsFor?: User,
};

// A target; \`protects\` when its catalog names any PHI. Its labels are tags.
entity Target { protocol: String, protects: Bool } tags String;

// "clinic/public.patients". \`phi\`: it holds PHI, or nobody has said that it does not. \`listed\`: catalog.yaml names it or its schema.
// \`system\`: the server's own catalogs. \`temporary\`: a temporary relation of this session.
entity Relation in [Target] { schema: String, name: String, phi: Bool, listed: Bool, system: Bool, temporary: Bool };

// A class of catalog.yaml, of the target at hand.
entity Class in [Target] { identifier: String, mask: String };

type Session = { purpose?: String, time: datetime, source: ipaddr };
type Statement = { kind: String, hasWhere: Bool, complete: Bool, purpose?: String, time: datetime, source: ipaddr };
// classes: of the columns concerned. carries: classes that are written into it.
// spills: those of them that go into columns which are not classified so.
type OnRelation = {
  kind: String, hasWhere: Bool, complete: Bool, purpose?: String, time: datetime, source: ipaddr,
  classes: Set<String>, carries: Set<String>, spills: Set<String>,
};
// what: a function or construct. known: analysis or the team's catalog can vouch for it.
type OnCode = {
  kind: String, hasWhere: Bool, complete: Bool, purpose?: String, time: datetime, source: ipaddr,
  what: String, known: Bool,
};
// use: equality, range, pattern, order, group, join, condition, other.
// fixed: it stands in the definition of a view, so that whoever asks cannot vary it.
type OnSearch = {
  kind: String, hasWhere: Bool, complete: Bool, purpose?: String, time: datetime, source: ipaddr,
  use: String, fixed: Bool,
};

action connect appliesTo { principal: [User, Workload, Agent], resource: Target, context: Session };
action read, write, delete, define, grant, export
  appliesTo { principal: [User, Workload, Agent], resource: [Relation, Target], context: OnRelation };
action execute appliesTo { principal: [User, Workload, Agent], resource: Target, context: OnCode };
action search appliesTo { principal: [User, Workload, Agent], resource: Class, context: OnSearch };
action reveal appliesTo { principal: [User, Workload, Agent], resource: Class, context: Statement };
`;

/** Part of every bundle: no policy of a team can permit what these forbid. Their ids begin with `postern-`. */
export const BUILT_IN_POLICIES = `
@id("postern-analysed-only")
@hint("Rewrite it without the part that is named; KNOWN_LIMITATIONS.md lists ways around.")
forbid (principal, action == Action::"execute", resource) when { resource.protects && !context.known };

@id("postern-unclassified-not-searched")
@hint("Leave the column out of conditions, joins, sorting and grouping, or have it classified in catalog.yaml.")
forbid (principal, action == Action::"search", resource == Class::"unclassified") unless { context.fixed };

@id("postern-unclassified-never-shown")
forbid (principal, action == Action::"reveal", resource == Class::"unclassified");

@id("postern-no-copies")
@hint("Use a temporary table, or write protected values only into columns that catalog.yaml gives the same class.")
forbid (principal, action in [Action::"write", Action::"define"], resource) when { !context.spills.isEmpty() };
`;
