import { isIP } from "node:net";
import type { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import { failed, isAppError } from "@netconductor/runtime/errors";
import {
	BusyError,
	Client,
	InvalidCredentialsError,
	ResultCodeError,
	type SearchOptions,
	type SearchResult,
	UnavailableError,
} from "ldapts";
import { cleanStartTls } from "./start-tls.ts";

/** A directory server that one may ask, encrypted as configured. */
export interface LdapConnection {
	url: string;
	client: Client;
	close(): Promise<void>;
}

/** @throws what the server or the network says */
export async function connectTo(config: LdapConfig, url: string): Promise<LdapConnection> {
	const tlsOptions = {
		...(config.ca_certificates !== null && { ca: config.ca_certificates }),
		minVersion: "TLSv1.2" as const,
	};
	const secure = url.startsWith("ldaps://");
	const startTls = !secure && config.start_tls;
	const client = new Client({
		url,
		timeout: config.timeout_ms,
		connectTimeout: config.timeout_ms,
		// Names from users' input are escaped here, and a server knows best what it takes.
		strictDN: false,
		...(secure && { tlsOptions }),
		...(startTls && cleanStartTls(config.timeout_ms)),
	});
	const close = () => client.unbind().catch(() => {});
	try {
		if (startTls) {
			// The certificate is for the name in the address; on a connection that exists already nobody else says which.
			const host = hostOf(url);
			await client.startTLS({ ...tlsOptions, host, ...(isIP(host) === 0 && { servername: host }) });
		}
		return { url, client, close };
	} catch (error) {
		await close();
		throw error;
	}
}

function hostOf(url: string): string {
	return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

const referral = 10;

/**
 * Searches without following references to other servers: beside what is found they are passed by.
 * @throws auth.method_away — the base itself is kept by another server
 */
export async function search(client: Client, base: string, options: SearchOptions): Promise<SearchResult> {
	try {
		return await client.search(base, options);
	} catch (error) {
		if (!(error instanceof ResultCodeError) || error.code !== referral) throw error;
		throw methodAway(
			`${base} is kept by another server (referral), which is not asked: name that server, or another base`,
		);
	}
}

/** Whether the answer was about the password, or the account, and not about the server. */
export function isRefusal(error: unknown): boolean {
	return error instanceof ResultCodeError && !(error instanceof BusyError) && !(error instanceof UnavailableError);
}

export function isWrongPassword(error: unknown): boolean {
	return error instanceof InvalidCredentialsError;
}

/**
 * Does something with the first server that can be reached.
 * @throws auth.method_away — none can, with what each said
 */
export async function withServer<T>(config: LdapConfig, work: (connection: LdapConnection) => Promise<T>): Promise<T> {
	const problems: string[] = [];
	for (const url of config.servers) {
		let connection: LdapConnection | undefined;
		try {
			connection = await connectTo(config, url);
			return await work(connection);
		} catch (error) {
			// An answer is an answer: another server would say the same.
			if (isRefusal(error) || isAppError(error) || !(error instanceof Error)) throw error;
			problems.push(`${url}: ${error.message}`);
		} finally {
			await connection?.close();
		}
	}
	throw methodAway(problems.join("; "));
}

export function methodAway(why: string) {
	return failed("auth.method_away", {
		message:
			"The directory that knows the password cannot be asked at this moment. Try again, or sign in as a local user.",
		// For the log: a stranger at the door need not know the servers' names.
		cause: new Error(why),
	});
}
