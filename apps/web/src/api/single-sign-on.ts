import type { TokenPair } from "@netconductor/contracts/auth/model";
import type { Api } from "./api.ts";

/** Where an identity provider sends the browser back to. */
export const callbackPath = "/sign-in/callback";

const attemptKey = "netconductor.sign_in";

/** The way to an identity provider and back. */
export interface SingleSignOn {
	/** Leaves for the provider of this name. @param next page to open afterwards */
	begin(name: string, next: string | undefined): Promise<void>;
	/** Signs in with what the provider sent the browser back with; asking again answers the same. @throws NothingToFinish, ApiProblem */
	finish(): Promise<{ pair: TokenPair; next: string }>;
}

/** The page was opened without coming from a provider, was loaded again, or belongs to an attempt of another tab. */
export class NothingToFinish extends Error {
	override readonly name = "NothingToFinish";
}

interface Attempt {
	attempt: string;
	next: string;
}

/**
 * Takes the provider's answer out of the address at once, before the router or anything else sees it: it is in no history, and loading the page
 * again does not send it twice. What proves that this browser began is in the tab's own storage until it is back.
 */
export function createSingleSignOn(api: Api, own: Storage): SingleSignOn {
	const query = takeAnswer();
	let finishing: ReturnType<SingleSignOn["finish"]> | undefined;

	async function finish(): ReturnType<SingleSignOn["finish"]> {
		const begun = takeAttempt(own);
		if (query === undefined || begun === undefined) throw new NothingToFinish("no attempt to sign in is under way");
		const pair = await api.auth.finishOidc({ body: { attempt: begun.attempt, query } });
		return { pair, next: begun.next };
	}

	return {
		async begin(name, next = "/") {
			const { authorization_url, attempt } = await api.auth.beginOidc({ params: { name } });
			own.setItem(attemptKey, JSON.stringify({ attempt, next } satisfies Attempt));
			window.location.assign(authorization_url);
		},
		finish() {
			finishing ??= finish();
			return finishing;
		},
	};
}

function takeAnswer(): string | undefined {
	const { pathname, search } = window.location;
	if (pathname !== callbackPath || search === "") return undefined;
	window.history.replaceState(window.history.state, "", pathname);
	return search;
}

function takeAttempt(own: Storage): Attempt | undefined {
	const text = own.getItem(attemptKey);
	own.removeItem(attemptKey);
	try {
		return JSON.parse(text ?? "null") ?? undefined;
	} catch {
		return undefined;
	}
}
