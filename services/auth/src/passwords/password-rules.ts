import { failed } from "@netconductor/runtime/errors";
import type { BreachedPasswords } from "./breached-passwords.ts";

export interface PasswordRules {
	/**
	 * Refuses passwords that an attacker tries first.
	 * @throws auth.weak_password
	 */
	check(password: string, rules: { username: string; min_length: number }): Promise<void>;
}

/** Guesses below which a password counts as one of the first to be tried; one sign-in after the other they take an attacker days. */
const fewestGuesses = 1e6;
/** What is longer is judged by its beginning: the time for it grows faster than its length. */
const most_characters = 64;

/** @param breached known from breaches; undefined where the installation has no list of them */
export function createPasswordRules(breached?: BreachedPasswords): PasswordRules {
	let estimating: Promise<GuessesFor> | undefined;
	return {
		async check(password, { username, min_length }) {
			const characters = [...password.normalize("NFKC")];
			if (characters.length < min_length) refuse(`The password needs at least ${min_length} characters.`);
			if (new Set(characters.map((one) => one.toLowerCase())).size < 5) {
				refuse("The password repeats too few different characters.");
			}
			const rest = characters.join("").toLowerCase().replaceAll(username.toLowerCase(), "");
			if (username.length >= 3 && [...rest].length < 8) refuse("The password is little more than the user name.");

			estimating ??= loadEstimate();
			const guesses = (await estimating)(characters.slice(0, most_characters).join(""), [username, "netconductor"]);
			if (guesses < fewestGuesses) {
				refuse(
					"The password is too much like those that are tried first. Use several words that have nothing to do with each other.",
				);
			}
			if (await breached?.includes(password)) {
				refuse("The password is known from a breach of another system. Whoever tries passwords has it on their list.");
			}
		},
	};
}

function refuse(message: string): never {
	throw failed("auth.weak_password", { message });
}

type GuessesFor = (password: string, ownWords: string[]) => number;

/** Read when first asked for: a list of tens of thousands of common passwords and words, for what is seldom needed. */
async function loadEstimate(): Promise<GuessesFor> {
	const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
		import("@zxcvbn-ts/core"),
		import("@zxcvbn-ts/language-common"),
	]);
	const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: most_characters });
	return (password, ownWords) => zxcvbn.check(password, ownWords).guesses;
}
