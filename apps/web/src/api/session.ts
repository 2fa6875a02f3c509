import { authApi } from "@netconductor/contracts/auth/api";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { type Client, createClient } from "@netconductor/contracts/kernel/client";
import { ApiProblem, createFetchTransport } from "@netconductor/contracts/kernel/fetch-transport";
import { createLock } from "./lock.ts";

const sessionKey = "netconductor.session";
const handoverKey = "netconductor.handover";
const lockName = "netconductor.refresh";
// A token that ends while its request is under way would be refused.
const renewBefore_ms = 20_000;

/** Who is signed in in this browser, and the tokens that prove it. */
export interface Session {
	/** Whether a session is known; the server may have ended it all the same. */
	readonly signedIn: boolean;
	/** An access token that is good for some seconds more. @throws when the server cannot be asked; undefined when signed out */
	accessToken(): Promise<string | undefined>;
	/** Another access token, after `refused` was not accepted. */
	renew(refused: string | undefined): Promise<string | undefined>;
	begin(pair: TokenPair): void;
	/** Forgets the session in every tab. The server is told by `logout`. */
	end(): void;
	/** Called when a session that was there is no more: signed out here or in another tab, expired, or revoked. */
	onEnd(fn: () => void): () => void;
}

interface Stored {
	refresh_token: string;
	user_id: string;
}

interface Access {
	token: string;
	until: number;
}

/**
 * The refresh token lies in the browser's local storage, shared by all tabs and used under one lock; the access token only in
 * memory, and for the moment of a reload in the tab's own storage, so that reloading twice does not use a refresh token twice.
 */
export function createSession({ shared, own }: { shared: Storage; own: Storage }): Session {
	const auth: Pick<Client<typeof authApi>, "refresh"> = createClient(
		authApi,
		createFetchTransport({ url: "", token: () => undefined }),
	);
	const withLock = createLock(shared);
	const listeners = new Set<() => void>();
	let access = takeHandover(own);
	let refreshing: Promise<string | undefined> | undefined;

	const stored = (): Stored | undefined => parse<Stored>(shared.getItem(sessionKey));

	function keep(pair: TokenPair): string {
		access = { token: pair.access_token, until: Date.now() + pair.expires_in * 1000 };
		shared.setItem(sessionKey, JSON.stringify({ refresh_token: pair.refresh_token, user_id: pair.user.id }));
		return pair.access_token;
	}

	function forget(): void {
		access = undefined;
		shared.removeItem(sessionKey);
		for (const fn of listeners) fn();
	}

	async function refresh(): Promise<string | undefined> {
		return withLock(lockName, async () => {
			const before = stored();
			if (before === undefined) return undefined;
			try {
				const pair = await auth.refresh({ body: { refresh_token: before.refresh_token } });
				// Signed out, or in as somebody else, while the answer was on its way.
				if (stored()?.refresh_token !== before.refresh_token) return undefined;
				return keep(pair);
			} catch (error) {
				if (error instanceof ApiProblem && error.problem.status === 401) {
					if (stored()?.refresh_token === before.refresh_token) forget();
					return undefined;
				}
				throw error;
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

	window.addEventListener("pagehide", () => {
		if (access !== undefined) own.setItem(handoverKey, JSON.stringify(access));
	});
	window.addEventListener("pageshow", ({ persisted }) => {
		if (persisted) own.removeItem(handoverKey);
	});
	window.addEventListener("storage", ({ key, newValue, oldValue }) => {
		if (key !== sessionKey) return;
		const [was, is] = [parse<Stored>(oldValue), parse<Stored>(newValue)];
		if (is === undefined) {
			access = undefined;
			for (const fn of listeners) fn();
		} else if (was !== undefined && was.user_id !== is.user_id) {
			access = undefined;
			window.location.reload();
		}
	});

	return {
		get signedIn() {
			return stored() !== undefined;
		},
		accessToken,
		async renew(refused) {
			if (access?.token === refused) access = undefined;
			return accessToken();
		},
		begin(pair) {
			keep(pair);
		},
		end: forget,
		onEnd(fn) {
			listeners.add(fn);
			return () => void listeners.delete(fn);
		},
	};
}

function takeHandover(own: Storage): Access | undefined {
	const access = parse<Access>(own.getItem(handoverKey));
	own.removeItem(handoverKey);
	return access;
}

function parse<T>(text: string | null): T | undefined {
	try {
		return JSON.parse(text ?? "null") ?? undefined;
	} catch {
		return undefined;
	}
}
