import type { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import { type Client, type Entry, Filter } from "ldapts";
import type { Directory, ExternalIdentity } from "../methods/identity.ts";
import { describeFailure, testSteps } from "../methods/test-steps.ts";
import { escapeDnValue, fillFilter } from "./escape.ts";
import { findGroups } from "./groups.ts";
import {
	connectTo,
	isRefusal,
	isWrongPassword,
	type LdapConnection,
	methodAway,
	search,
	withServer,
} from "./ldap-connection.ts";

/** Attributes whose values are bytes, not text; ids of this kind are kept as hexadecimal digits. */
const binary = new Set(["objectguid", "objectsid"]);

interface Person {
	dn: string;
	identity: Omit<ExternalIdentity, "groups">;
}

/**
 * An LDAP directory or Active Directory. References to other servers are not followed. An empty password never reaches a server, which would
 * take it for an anonymous bind and say yes (RFC 4513, 5.1.2).
 */
export function createLdapDirectory(config: LdapConfig, bind_password: string | undefined): Directory {
	/** @throws auth.method_away — the account that looks people up may not, with what the server says */
	async function bindService({ client, url }: LdapConnection): Promise<void> {
		try {
			await client.bind(config.bind_dn ?? "", bind_password ?? "");
		} catch (error) {
			if (!isRefusal(error)) throw error;
			throw methodAway(`${url} does not accept ${config.bind_dn}: ${(error as Error).message}`);
		}
	}

	/** The one person that a filter finds. @throws auth.method_away — it finds several, or one without an id */
	async function lookUp(
		client: Client,
		base: string,
		filter: string,
		scope: "base" | "sub",
	): Promise<Person | undefined> {
		const { attributes } = config;
		const { searchEntries } = await search(client, base, {
			scope,
			filter,
			sizeLimit: 2,
			derefAliases: "never",
			attributes: Object.values(attributes),
			explicitBufferAttributes: [attributes.id],
		});
		const [entry, another] = searchEntries;
		if (entry === undefined) return undefined;
		if (another !== undefined) throw methodAway(`${filter} finds more than one entry: ${entry.dn} and ${another.dn}`);
		return { dn: entry.dn, identity: toIdentity(config, entry) };
	}

	/** Whether the password is that person's, on a connection of its own: the other one stays who it is. */
	async function passwordFits(url: string, dn: string, password: string): Promise<boolean> {
		const own = await connectTo(config, url);
		try {
			await own.client.bind(dn, password);
			return true;
		} catch (error) {
			if (isRefusal(error)) return false;
			throw error;
		} finally {
			await own.close();
		}
	}

	const byName = (username: string) => fillFilter(config.user_filter, { username });
	const directDn = (username: string) =>
		(config.user_dn_template ?? "").replaceAll("{username}", escapeDnValue(username));
	const withGroups = async ({ client }: LdapConnection, { dn, identity }: Person): Promise<ExternalIdentity> => ({
		...identity,
		groups: await findGroups(client, config, dn),
	});

	async function signInByService(connection: LdapConnection, username: string, password: string) {
		await bindService(connection);
		const person = await lookUp(connection.client, config.user_base, byName(username), "sub");
		if (person === undefined) return "unknown";
		if (!(await passwordFits(connection.url, person.dn, password))) return "refused";
		return withGroups(connection, person);
	}

	async function signInDirectly(connection: LdapConnection, username: string, password: string) {
		try {
			await connection.client.bind(directDn(username), password);
		} catch (error) {
			// The server does not say whether it knows the name.
			if (isRefusal(error)) return "unknown";
			throw error;
		}
		const person = await lookUp(connection.client, config.user_base, byName(username), "sub");
		if (person === undefined) return "unknown";
		// Whom the search finds need not be who signed in: the template and the filter may mean two people by one name.
		if (!(await passwordFits(connection.url, person.dn, password))) return "refused";
		return withGroups(connection, person);
	}

	return {
		finds: config.bind === "service",
		async signIn(username, password) {
			if (password === "") return "refused";
			const how = config.bind === "service" ? signInByService : signInDirectly;
			return withServer(config, (connection) => asAnswers(how(connection, username, password)));
		},
		async find(external_id) {
			const id = binary.has(config.attributes.id.toLowerCase()) ? Buffer.from(external_id, "hex") : external_id;
			// Whatever else the filter asks of people still counts: that they are not disabled, for one.
			const anybody = config.user_filter.replaceAll("{username}", "*");
			const filter = `(&(${config.attributes.id}=${Filter.escape(id)})${anybody})`;
			return withServer(config, async (connection) => {
				await bindService(connection);
				const person = await asAnswers(lookUp(connection.client, config.user_base, filter, "sub"));
				return person === undefined ? undefined : withGroups(connection, person);
			});
		},
		test: (as) =>
			testSteps(async (step) => {
				const reached = await step("connect", async () => {
					const tried: string[] = [];
					for (const url of config.servers) {
						try {
							const connection = await connectTo(config, url);
							try {
								// Connections are made when something is asked: what a server says of itself is for everybody.
								await connection.client.search("", { scope: "base", attributes: ["namingContexts"] });
							} catch (error) {
								if (!isRefusal(error)) throw error;
							}
							return { value: connection, detail: [...tried, `${url} answers${how(config, url)}`].join("; ") };
						} catch (error) {
							tried.push(`${url}: ${describeFailure(error)}`);
						}
					}
					throw new Error(tried.join("; "));
				});
				try {
					await testOn(reached, as, step);
				} finally {
					await reached.close();
				}
			}),
	};

	async function testOn(
		connection: LdapConnection,
		{ username, password }: { username?: string; password?: string },
		step: Parameters<Parameters<typeof testSteps>[0]>[0],
	): Promise<void> {
		if (config.bind === "service") {
			await step("bind", async () => {
				await connection.client.bind(config.bind_dn ?? "", bind_password ?? "");
				return { value: undefined, detail: `signed in as ${config.bind_dn}` };
			});
		}
		if (username === undefined) return;
		if (config.bind === "direct") {
			if (!password) return;
			await step("bind", async () => {
				await connection.client.bind(directDn(username), password);
				return { value: undefined, detail: `signed in as ${directDn(username)}` };
			});
		}
		const person = await step("find user", async () => {
			const found = await lookUp(connection.client, config.user_base, byName(username), "sub");
			if (found === undefined) throw new Error(`${byName(username)} finds nobody under ${config.user_base}`);
			const { username: name, display_name, email } = found.identity;
			return { value: found, detail: `${found.dn}: ${name}, ${display_name}, ${email ?? "no e-mail address"}` };
		});
		if (password) {
			await step("password", async () => {
				const fits = await passwordFits(connection.url, person.dn, password);
				if (!fits) throw new Error(`the password is wrong for ${person.dn}, or the account may not sign in`);
				return { value: undefined, detail: "the password is right" };
			});
		}
		await step("groups", async () => {
			const groups = await findGroups(connection.client, config, person.dn);
			const { dns = [], names } = groups;
			return { value: groups, detail: dns.length === 0 ? "in no group" : [...dns, ...names].join(", ") };
		}).then((groups) => step.role(config, groups));
	}
}

/** What a server refuses while it is asked about people is a fault of the configuration, not of the one who signs in. */
async function asAnswers<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (isWrongPassword(error) || !isRefusal(error)) throw error;
		throw methodAway((error as Error).message);
	}
}

function how(config: LdapConfig, url: string): string {
	if (url.startsWith("ldaps://")) return " (TLS)";
	return config.start_tls ? " (StartTLS)" : " (not encrypted)";
}

function toIdentity({ attributes }: LdapConfig, entry: Entry): Omit<ExternalIdentity, "groups"> {
	const id = firstValue(entry, attributes.id);
	const username = textOf(entry, attributes.username);
	if (id === undefined || username === undefined) {
		throw methodAway(`${entry.dn} has no ${id === undefined ? attributes.id : attributes.username}`);
	}
	const encoding = binary.has(attributes.id.toLowerCase()) ? "hex" : "utf8";
	return {
		external_id: Buffer.isBuffer(id) ? id.toString(encoding) : id,
		username,
		display_name: textOf(entry, attributes.display_name) ?? username,
		email: textOf(entry, attributes.email) ?? null,
	};
}

/** Servers answer with the names as they spell them. */
function firstValue(entry: Entry, attribute: string): string | Buffer | undefined {
	const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
	const value = key === undefined ? undefined : entry[key];
	const first = Array.isArray(value) ? value[0] : value;
	return first === undefined || first.length === 0 ? undefined : first;
}

function textOf(entry: Entry, attribute: string): string | undefined {
	return firstValue(entry, attribute)?.toString();
}
