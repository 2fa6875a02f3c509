import { authApi } from "@netconductor/contracts/auth/api";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { createClient } from "@netconductor/contracts/kernel/client";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { createLock } from "./lock.ts";
import { createPageTransport } from "./page-transport.ts";
import { openSharedStore } from "./shared-store.ts";

const sessionKey = "session";
const handoverKey = "netconductor.handover";
// A token that ends while its request is under way would be refused.
const renewBefore_ms = 20_000;

/** Who is signed in in this browser, and the tokens that prove it. */
export interface Session {
	/** Whether a session is known; the server may have ended it all the same. */
	isSignedIn(): Promise<boolean>;
	/** An access token that is good for some seconds more; undefined when signed out. @throws when the server cannot be asked */
	accessToken(): Promise<string | undefined>;
	/** Another access token, after `refused` was not accepted. */
	renew(refused: string | undefined): Promise<string | undefined>;
	begin(pair: TokenPair): Promise<void>;
	/** Ends at the server a session that somebody else began than the page is for; nothing here knows of it. */
	turnAway(pair: TokenPair): Promise<void>;
	/** The page is for nobody any more: whoever signs in next in this browser may go on in it. Until then it is for the one who signed in last. */
	release(): void;
	/** Forgets the session in every tab. The server is told by `logout`. */
	end(): Promise<void>;
	/** Called when a session that was there is no more: signed out here or in another tab, expired, or revoked. Answers how to stop. */
	onEnd(fn: () => void): () => void;
	/** Called when somebody signs in in another tab of this browser while nobody is signed in in this one. Answers how to stop. */
	onBegin(fn: (user_id: string) => void): () => void;
}

interface Stored {
	refresh_token: string;
	user_id: string;
}

interface Access {
	token: string;
	user_id: string;
	until: number;
}

type News = { kind: "ended" } | { kind: "begun"; user_id: string };

/**
 * The refresh token is shared by all tabs and used under one lock. The access token is in memory, and for the moment of a reload in
 * the tab's own storage, so that reloading twice does not break off a refresh whose answer would be lost.
 */
export function createSession(own: Storage): Session {
	const auth = createClient(
		authApi,
		createPageTransport(() => undefined),
	);
	const store = openSharedStore();
	const withLock = createLock(store);
	const tabs = new BroadcastChannel("netconductor.session");
	const listeners = new Set<() => void>();
	const beginners = new Set<(user_id: string) => void>();
	let access = takeHandover(own);
	/** Whose the page is, also after their session has ended: it acts as nobody else. */
	let holder = access?.user_id;
	let refreshing: Promise<string | undefined> | undefined;

	const stored = () => store.get(sessionKey) as Promise<Stored | undefined>;
	const tell = (news: News) => tabs.postMessage(news);

	function ended(): void {
		access = undefined;
		for (const fn of listeners) fn();
	}

	function hold({ access_token, expires_in, user }: TokenPair): string {
		access = { token: access_token, user_id: user.id, until: Date.now() + expires_in * 1000 };
		holder = user.id;
		return access_token;
	}

	/** Puts `after` in the place of `before`, unless another tab signed out or in while the answer was on its way. */
	async function replace(before: Stored, after: Stored | undefined): Promise<boolean> {
		const now = await store.update(sessionKey, (held) =>
			(held as Stored | undefined)?.refresh_token === before.refresh_token ? after : (held as Stored | undefined),
		);
		return now?.refresh_token === after?.refresh_token;
	}

	function refresh(): Promise<string | undefined> {
		return withLock("netconductor.refresh", async () => {
			const before = await stored();
			if (before === undefined) return undefined;
			if (holder !== undefined && before.user_id !== holder) {
				// Somebody else signed in elsewhere while this tab had no token: to whom it is for, that is the end.
				ended();
				return undefined;
			}
			try {
				const pair = await auth.refresh({ body: { refresh_token: before.refresh_token } });
				const after = { refresh_token: pair.refresh_token, user_id: pair.user.id };
				return (await replace(before, after)) ? hold(pair) : undefined;
			} catch (error) {
				if (!(error instanceof ApiProblem) || error.problem.status !== 401) throw error;
				if (await replace(before, undefined)) {
					tell({ kind: "ended" });
					ended();
				}
				return undefined;
			}
		});
	}

	async function accessToken(): Promise<string | undefined> {
		if (access !== undefined && access.until - renewBefore_ms > Date.now()) return access.token;
		refreshing ??= refresh().finally(() => {
			refreshing = undefined;
		});
		return refreshing;
	}

	tabs.onmessage = ({ data }: MessageEvent<News>) => {
		if (data.kind === "ended") ended();
		else if (access === undefined) for (const fn of beginners) fn(data.user_id);
		else if (access.user_id !== data.user_id) {
			// What this tab shows is not for the one who signed in elsewhere.
			access = undefined;
			window.location.reload();
		}
	};
	window.addEventListener("pagehide", () => {
		if (access !== undefined) own.setItem(handoverKey, JSON.stringify(access));
	});
	window.addEventListener("pageshow", ({ persisted }) => {
		if (persisted) own.removeItem(handoverKey);
	});

	return {
		isSignedIn: async () => (await stored()) !== undefined,
		accessToken,
		async renew(refused) {
			if (access?.token === refused) access = undefined;
			return accessToken();
		},
		async begin(pair) {
			await store.update(sessionKey, () => ({ refresh_token: pair.refresh_token, user_id: pair.user.id }));
			hold(pair);
			tell({ kind: "begun", user_id: pair.user.id });
		},
		async turnAway({ access_token }) {
			await createClient(
				authApi,
				createPageTransport(() => access_token),
			).logout({});
		},
		release() {
			holder = undefined;
		},
		async end() {
			await store.update(sessionKey, () => undefined);
			tell({ kind: "ended" });
			ended();
		},
		onEnd(fn) {
			listeners.add(fn);
			return () => void listeners.delete(fn);
		},
		onBegin(fn) {
			beginners.add(fn);
			return () => void beginners.delete(fn);
		},
	};
}

function takeHandover(own: Storage): Access | undefined {
	const text = own.getItem(handoverKey);
	own.removeItem(handoverKey);
	try {
		return JSON.parse(text ?? "null") ?? undefined;
	} catch {
		return undefined;
	}
}
