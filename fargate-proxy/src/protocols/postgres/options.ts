// The `options` start-up parameter: command-line arguments for a backend (PostgreSQL source: pg_split_opts, process_postgres_switches).

/** The settings in it, in order; null when it holds anything else than settings. */
export function splitOptions(options: string): (readonly [string, string])[] | null {
  const settings: (readonly [string, string])[] = [];
  const words = split(options);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    let setting: string;
    if (word === "-c") setting = words[++i] ?? "";
    else if (word.startsWith("--")) setting = word.slice(2);
    else if (word.startsWith("-c")) setting = word.slice(2);
    else return null;
    const equals = setting.indexOf("=");
    if (equals < 1) return null;
    // The server reads `-c statement-timeout=5` as `statement_timeout`.
    settings.push([setting.slice(0, equals).replaceAll("-", "_"), setting.slice(equals + 1)]);
  }
  return settings;
}

/** Words are parted by white space; a backslash takes the next character as it is. */
function split(options: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < options.length; i++) {
    const char = options[i] as string;
    if (/[ \t\n\r\v\f]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "\\") {
      word = (word ?? "") + (options[i + 1] ?? "");
      i++;
    } else word = (word ?? "") + char;
  }
  if (word !== null) words.push(word);
  return words;
}
