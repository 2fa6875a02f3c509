import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type ClientMetadata, type KoaContextWithOIDC } from "oidc-provider";

/** Somebody whom the identity provider knows. */
export interface LabPerson {
	password: string;
	/** Claims besides `sub`, which is the name. */
	claims: Record<string, unknown>;
}

export interface LabProvider {
	/** `http://127.0.0.1:port` */
	issuer: string;
	/** People by the name that they type; changed while it runs. Somebody taken out is known no more. */
	people: Map<string, LabPerson>;
	/** What a person does in a browser, done with HTTP: answers the address that the browser is sent back to. */
	signIn(authorization_url: string, username: string, password: string): Promise<URL>;
	/** Signs a person out at the provider, in the browser in which they signed in last. @throws what a client answered that was told of it */
	signOut(username: string): Promise<void>;
	stop(): Promise<void>;
}

/** A certified OpenID Connect provider (the package `oidc-provider`) on a loopback port of its own, with a sign-in form and without consent pages. */
export async function startOidcProvider(client: ClientMetadata, people: Map<string, LabPerson>): Promise<LabProvider> {
	let handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();
	const server = createServer((request, response) => handle(request, response));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const provider = new Provider(issuer, {
		clients: [client],
		pkce: { required: () => true },
		claims: {
			openid: ["sub", "sid"],
			profile: ["name", "preferred_username", "groups"],
			email: ["email", "email_verified"],
		},
		scopes: ["openid", "profile", "email", "offline_access"],
		conformIdTokenClaims: false,
		issueRefreshToken: async () => true,
		features: {
			devInteractions: { enabled: false },
			backchannelLogout: { enabled: true },
			// Its own pages ask for fonts from elsewhere.
			rpInitiatedLogout: {
				logoutSource: async (context, form) => {
					context.body = page(
						"Sign out",
						`${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`,
					);
				},
				postLogoutSuccessSource: async (context) => {
					context.body = page("Signed out", "");
				},
			},
		},
		cookies: { keys: ["a key of the lab"] },
		// Without the provider's own guard: the clients that it tells of a sign-out are on this machine too.
		fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
		interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
		// Whoever signs in agrees.
		async loadExistingGrant(context: KoaContextWithOIDC) {
			const { client: asking, session, params } = context.oidc;
			if (asking === undefined || session?.accountId === undefined) return undefined;
			const grant = new context.oidc.provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
			grant.addOIDCScope(String(params?.scope ?? "openid"));
			await grant.save();
			return grant;
		},
		async findAccount(_, sub) {
			const person = people.get(sub);
			return person && { accountId: sub, claims: async () => ({ sub, ...person.claims }) };
		},
	});
	handle = (request, response) => {
		if (!request.url?.startsWith("/interaction/")) return void provider.callback()(request, response);
		interact(provider, people, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
	};
	const browsers = new Map<string, Cookies>();
	let untold: unknown;
	provider.on("backchannel.error", (_, error) => {
		untold = error;
	});
	return {
		issuer,
		people,
		async signIn(url, username, password) {
			const cookies: Cookies = new Map();
			browsers.set(username, cookies);
			return signIn(issuer, cookies, url, username, password);
		},
		async signOut(username) {
			untold = undefined;
			await signOut(issuer, browsers.get(username) ?? new Map());
			if (untold !== undefined) throw untold;
		},
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

function page(title: string, content: string): string {
	return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}`;
}

async function interact(
	provider: Provider,
	people: ReadonlyMap<string, LabPerson>,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const { uid } = await provider.interactionDetails(request, response);
	if (request.method === "GET") {
		response.setHeader("content-type", "text/html").end(
			page(
				"Lab identity provider",
				`<form method="post" action="/interaction/${uid}"><label>Name <input name="username"></label>
				<label>Password <input name="password" type="password"></label><button>Continue</button></form>`,
			),
		);
		return;
	}
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	const form = new URLSearchParams(Buffer.concat(chunks).toString());
	const name = form.get("username") ?? "";
	const fits = people.get(name)?.password === form.get("password");
	const result = fits
		? { login: { accountId: name, remember: false } }
		: { error: "access_denied", error_description: "wrong name or password" };
	await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

type Cookies = Map<string, string>;

async function browse(cookies: Cookies, url: URL, form?: URLSearchParams): Promise<Response> {
	const answer = await fetch(url, {
		redirect: "manual",
		headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
		...(form !== undefined && { method: "POST", body: form }),
	});
	for (const cookie of answer.headers.getSetCookie()) {
		const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
		cookies.set(name, value);
	}
	return answer;
}

async function signOut(issuer: string, cookies: Cookies): Promise<void> {
	const page = await (await browse(cookies, new URL("/session/end", issuer))).text();
	const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1];
	if (xsrf === undefined) throw new Error(`nobody is signed in there: ${page}`);
	const answer = await browse(
		cookies,
		new URL("/session/end/confirm", issuer),
		new URLSearchParams({ xsrf, logout: "yes" }),
	);
	if (answer.status >= 400) throw new Error(await answer.text());
}

async function signIn(
	issuer: string,
	cookies: Cookies,
	start: string,
	username: string,
	password: string,
): Promise<URL> {
	let next = new URL(start);
	let form: URLSearchParams | undefined;
	for (let hops = 0; hops < 10; hops++) {
		if (next.origin !== issuer) return next;
		const answer = await browse(cookies, next, form);
		const location = answer.headers.get("location");
		form = location === null ? new URLSearchParams({ username, password }) : undefined;
		if (location !== null) next = new URL(location, next);
		else if (!next.pathname.startsWith("/interaction/")) throw new Error(`${next}: ${await answer.text()}`);
	}
	throw new Error("the provider sends the browser in a circle");
}
