import type { CompletedCommand, Values } from "./command-tree.ts";

const header = (comment: string, shell: string) =>
	`${comment} Completion of netconductor for ${shell}, made by \`netconductor completion ${shell}\`: make it anew after an update.\n`;

/** Single-quoted for bash and zsh. */
function quoted(text: string): string {
	return `'${text.replaceAll("'", `'\\''`)}'`;
}

function withValues(commands: readonly CompletedCommand[]): { key: string; values: Values }[] {
	return commands.flatMap(({ path, options }) =>
		options.flatMap(({ flags, values }) =>
			values === undefined ? [] : flags.map((flag) => ({ key: `${path}|${flag}`, values })),
		),
	);
}

/** Positions from 0 of a command's arguments; `*` for every one from there on. */
function places({ path, arguments: all, variadic }: CompletedCommand): { key: string; values: Values }[] {
	return all.flatMap((values, at) => [
		{ key: `${path}|${at}`, values },
		...(variadic && at === all.length - 1 ? [{ key: `${path}|`, values }] : []),
	]);
}

const notBlank = ({ values }: { values: Values }) => values.kind !== "any";

/** Lines of a `case` of bash or zsh: keys that lead to the same action share one. */
function caseLines(entries: readonly { key: string; values: Values }[], action: (values: Values) => string): string {
	const byAction = new Map<string, string[]>();
	for (const { key, values } of entries) {
		const body = action(values);
		const pattern = key.endsWith("|") ? `${quoted(key)}*` : quoted(key);
		byAction.set(body, [...(byAction.get(body) ?? []), pattern]);
	}
	return [...byAction].map(([body, keys]) => `\t\t${keys.join("|")}) ${body};;\n`).join("");
}

/** Walks over the words before the cursor (`path` would be zsh's own): finds the command, counts its arguments, steps over options' values. */
function walk(commands: readonly CompletedCommand[], words: { array: string; from: number; upTo: string }): string {
	const steps = commands.filter(({ path }) => path !== "").map(({ path }) => quoted(`|${path}|`));
	const skipping = withValues(commands).map(({ key }) => quoted(key));
	return `	local at="" position=0 skip="" i word
	for ((i = ${words.from}; i < ${words.upTo}; i++)); do
		word="\${${words.array}[i]}"
		if [[ -n $skip ]]; then skip=""; continue; fi
		case "$word" in
			--*=*) ;;
			-*) case "$at|$word" in ${skipping.join("|")}) skip=1;; esac ;;
			*)
				case "|\${at:+$at }$word|" in
					${steps.join("|")}) at="\${at:+$at }$word"; position=0;;
					*) position=$((position + 1));;
				esac ;;
		esac
	done
`;
}

/** A script for bash 3.2 and later; it needs nothing of the bash-completion package. */
export function renderBash(commands: readonly CompletedCommand[]): string {
	const action = (values: Values): string => {
		switch (values.kind) {
			case "any":
				return "return";
			case "file":
				return "_netconductor_files; return";
			case "words":
				return `_netconductor_words ${quoted(values.words.join(" "))}; return`;
			default:
				return `_netconductor_names ${values.kind}; return`;
		}
	};
	const words = (list: string[]) => quoted(list.join(" "));
	return `${header("#", "bash")}
_netconductor_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_netconductor_files() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); }
_netconductor_names() {
	local name
	while IFS= read -r name; do COMPREPLY+=("$(printf '%q' "$name")"); done < <("\${COMP_WORDS[0]}" __complete "$1" "$cur" 2>/dev/null)
}
_netconductor() {
	local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
	COMPREPLY=()
${walk(commands, { array: "COMP_WORDS", from: 1, upTo: "COMP_CWORD" })}	case "$at|$prev" in
${caseLines(withValues(commands), action)}	esac
	if [[ $cur == -* ]]; then
		case "$at" in
${commands.map(({ path, options }) => `\t\t${quoted(path)}) _netconductor_words ${words(options.flatMap(({ flags }) => flags))};;\n`).join("")}		esac
		return
	fi
	case "$at" in
${commands
	.filter(({ children }) => children.length > 0)
	.map(
		({ path, children }) =>
			`\t\t${quoted(path)}) _netconductor_words ${words(children.map(({ name }) => name))}; return;;\n`,
	)
	.join("")}	esac
	case "$at|$position" in
${caseLines(commands.flatMap(places).filter(notBlank), action)}	esac
}
complete -F _netconductor netconductor
`;
}

/** A script for zsh; with descriptions. */
export function renderZsh(commands: readonly CompletedCommand[]): string {
	const action = (values: Values): string => {
		switch (values.kind) {
			case "any":
				return "return";
			case "file":
				return "_files; return";
			case "words":
				return `compadd -- ${values.words.map(quoted).join(" ")}; return`;
			default:
				return `_netconductor_names ${values.kind}; return`;
		}
	};
	const described = (entries: { name: string; description: string }[]) =>
		entries.map(({ name, description }) => quoted(`${name.replaceAll(":", "\\:")}:${description}`)).join(" ");
	return `#compdef netconductor
${header("#", "zsh")}
_netconductor_names() {
	local -a names
	names=("\${(@f)$("\${words[1]}" __complete "$1" "$PREFIX" 2>/dev/null)}")
	[[ -n "$names" ]] && compadd -- "\${names[@]}"
}
_netconductor() {
	local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}"
	local -a entries
${walk(commands, { array: "words", from: 2, upTo: "CURRENT" })}	case "$at|$prev" in
${caseLines(withValues(commands), action)}	esac
	if [[ $cur == -* ]]; then
		case "$at" in
${commands
	.map(
		({ path, options }) =>
			`\t\t${quoted(path)}) entries=(${described(options.flatMap(({ flags, description }) => flags.map((name) => ({ name, description }))))});;\n`,
	)
	.join("")}		esac
		_describe option entries
		return
	fi
	case "$at" in
${commands
	.filter(({ children }) => children.length > 0)
	.map(
		({ path, children }) =>
			`\t\t${quoted(path)}) entries=(${described(children)}); _describe command entries; return;;\n`,
	)
	.join("")}	esac
	case "$at|$position" in
${caseLines(commands.flatMap(places).filter(notBlank), action)}	esac
}
if [[ $funcstack[1] == _netconductor ]]; then _netconductor "$@"; else compdef _netconductor netconductor; fi
`;
}

/** A script for fish 3 and later; with descriptions. */
export function renderFish(commands: readonly CompletedCommand[]): string {
	const fishQuoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
	const source = (values: Values): string => {
		switch (values.kind) {
			case "any":
				return "";
			case "file":
				return "-F";
			case "words":
				return `-a ${fishQuoted(values.words.join(" "))}`;
			default:
				return `-a ${fishQuoted(`(__netconductor_names ${values.kind})`)}`;
		}
	};
	const known = commands.filter(({ path }) => path !== "").map(({ path }) => fishQuoted(path));
	const skipping = withValues(commands).map(({ key }) => fishQuoted(key));
	const lines = commands.flatMap(({ path, children, options, arguments: all, variadic }) => {
		const at = (place?: string) =>
			`complete -c netconductor -n ${fishQuoted(`__netconductor_at "${path}"${place ?? ""}`)}`;
		return [
			...children.map(({ name, description }) => `${at()} -a ${fishQuoted(name)} -d ${fishQuoted(description)}`),
			...options.map(({ flags, description, values }) => {
				const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
				const value = values === undefined ? "" : ` -r ${source(values)}`;
				return `${at()} ${names.join(" ")}${value} -d ${fishQuoted(description)}`.replaceAll("  ", " ");
			}),
			...all.flatMap((values, position) => {
				if (values.kind === "any") return [];
				return [`${at(` ${position}${variadic && position === all.length - 1 ? " more" : ""}`)} ${source(values)}`];
			}),
		];
	});
	return `${header("#", "fish")}
function __netconductor_names
	set -l program (commandline -opc)[1]
	$program __complete $argv[1] (commandline -ct) 2>/dev/null
end

# Sets the command that the words before the cursor name, and how many arguments it has so far.
function __netconductor_walk
	set -g __netconductor_path ''
	set -g __netconductor_position 0
	set -l skip 0
	for word in (commandline -opc)[2..]
		if test $skip = 1
			set skip 0
			continue
		end
		if string match -q -- '-*' $word
			contains -- "$__netconductor_path|$word" ${skipping.join(" ")}; and set skip 1
			continue
		end
		set -l longer (string trim "$__netconductor_path $word")
		if contains -- $longer ${known.join(" ")}
			set -g __netconductor_path $longer
			set -g __netconductor_position 0
		else
			set -g __netconductor_position (math $__netconductor_position + 1)
		end
	end
end

function __netconductor_at
	__netconductor_walk
	test "$__netconductor_path" = "$argv[1]"; or return 1
	test (count $argv) = 1; and return 0
	if test (count $argv) = 3
		test $__netconductor_position -ge $argv[2]
	else
		test $__netconductor_position = $argv[2]
	end
end

complete -c netconductor -e
complete -c netconductor -f
${lines.join("\n")}
`;
}
