import type { BegunPasskey } from "@netconductor/contracts/auth/passkeys";
import { asksForCode, type SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stepAt, totpCode } from "../src/second-factor/totp.ts";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";
import { type HeldPasskey, makePasskey } from "./authenticator.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: Awaited<ReturnType<AuthHost["as"]>>;
beforeAll(async () => {
	auth = await startAuthHost("auth_passkeys", {
		admin_password: adminPassword,
		public_url: "https://nc.example.org/console",
	});
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth.stop());
// Every test begins with attempts forgotten.
beforeEach(() => auth.clock.advance(16 * 60_000));

type Caller = Awaited<ReturnType<AuthHost["as"]>>;
type Made = Parameters<typeof makePasskey>[1];

let users = 0;
async function addUser({ role = "viewer" } = {}) {
	const username = `user-${++users}`;
	const body = { username, password, role, must_change_password: false };
	const { id } = await auth.api.createUser({ body }, admin);
	const pair = await auth.login(username, password, "192.0.2.1");
	return { id, username, pair, caller: await auth.as(pair) };
}

const begin = (caller: Caller) => auth.api.beginPasskey({ body: { password } }, caller);
const add = (caller: Caller, { attempt }: Pick<BegunPasskey, "attempt">, { made }: HeldPasskey, name = "phone") =>
	auth.api.addPasskey({ body: { attempt, name, credential: made } }, caller);

async function enrolled(given: { role?: string } = {}, wishes: Made = {}) {
	const user = await addUser(given);
	const begun = await begin(user.caller);
	const held = makePasskey(begun, wishes);
	const { passkey, recovery_codes } = await add(user.caller, begun, held);
	return { ...user, begun, held, passkey, recovery_codes };
}

const beginSignIn = () => auth.api.beginPasskeySignIn({}, anonymousFrom("192.0.2.9"));
type Answer = ReturnType<HeldPasskey["answer"]>;
const signIn = (attempt: string, credential: Answer, ip = "192.0.2.9") =>
	auth.api.signInWithPasskey({ body: { attempt, credential } }, anonymousFrom(ip));

async function signInWith(held: HeldPasskey, wishes: Parameters<HeldPasskey["answer"]>[1] = {}, ip?: string) {
	const { attempt, options } = await beginSignIn();
	return signIn(attempt, held.answer(options, wishes), ip);
}

async function givePassword(username: string): Promise<SecondFactorAsked["second_factor"]> {
	const answer = await auth.api.login({ body: { username, password } }, anonymousFrom("192.0.2.1"));
	if (!asksForCode(answer)) throw new Error("no second factor was asked for");
	return answer.second_factor;
}

const asWell = (challenge: string, credential: Answer) =>
	auth.api.signInWithPasskeyAsWell({ body: { challenge, credential } }, anonymousFrom("192.0.2.1"));

function requestOf(asked: SecondFactorAsked["second_factor"]) {
	if (asked.passkey === undefined) throw new Error("no passkey was asked for");
	return asked.passkey;
}

const refused = { code: "auth.passkey_refused" };

async function audited(operation: string, resource_id: string) {
	const rows = await auth.db.query<{ payload: { outcome: string; resource_id?: string; after?: unknown } }>(
		"select payload from outbox where payload ->> 'operation' = $1 and payload ->> 'resource_id' = $2 order by position",
		[operation, resource_id],
	);
	return rows.map(({ payload }) => payload);
}

test.each(["ES256", "EdDSA", "RS256"] as const)(
	"a passkey of %s signs its owner in by itself, with a session like any other, and the record says how",
	async (algorithm) => {
		const user = await enrolled({}, { algorithm });
		const pair = await signInWith(user.held, {}, "198.51.100.4");
		expect((await auth.as(pair)).actor).toMatchObject({ name: user.username, role: "viewer" });
		const { passkeys } = await auth.api.listMySecondFactors({}, user.caller);
		expect(passkeys).toMatchObject([
			{ id: user.passkey.id, name: "phone", last_used_from: "198.51.100.4", domain: "nc.example.org", synced: false },
		]);
		expect(passkeys[0]?.last_used_at).toBe(auth.clock.now().toISOString());
		const [record] = await audited("signInWithPasskey", user.id);
		expect(record).toMatchObject({ outcome: "succeeded", after: { signed_in_with: "passkey", passkey: "phone" } });
	},
);

test("what a browser is told to make is found without a name, asks for who is there, and tells nothing of its owner or device", async () => {
	const user = await addUser();
	const { options } = await begin(user.caller);
	expect(options).toMatchObject({
		rp: { id: "nc.example.org", name: "NetConductor" },
		attestation: "none",
		authenticatorSelection: { residentKey: "required", userVerification: "required" },
	});
	expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-7, -8, -257]);
	expect(Buffer.from(options.user.id, "base64url")).toHaveLength(32);
	const other = await addUser();
	expect((await begin(user.caller)).options.user.id).toBe(options.user.id);
	expect((await begin(other.caller)).options.user.id).not.toBe(options.user.id);
	expect((await beginSignIn()).options).toMatchObject({ allowCredentials: [], userVerification: "required" });
});

test("with the first second factor come ten recovery codes, with a further one none", async () => {
	const user = await enrolled();
	expect(new Set(user.recovery_codes).size).toBe(10);
	const begun = await begin(user.caller);
	expect(begun.options.excludeCredentials.map(({ id }) => id)).toEqual([user.held.id]);
	expect((await add(user.caller, begun, makePasskey(begun), "key ring")).recovery_codes).toEqual([]);
	const app = await auth.api.beginSecondFactor({ body: { password } }, user.caller);
	const code = appCode(app.secret);
	const confirmed = await auth.api.confirmSecondFactor({ params: { id: app.id }, body: { code } }, user.caller);
	expect(confirmed.recovery_codes).toEqual([]);
	const asked = await givePassword(user.username);
	expect(asked.kinds).toEqual(["passkey", "totp", "recovery_code"]);
	const body = { challenge: asked.challenge, code: user.recovery_codes[0] ?? "" };
	await auth.api.signInWithCode({ body }, anonymousFrom());
});

/** What the app shows now. */
function appCode(secret: string): string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
	const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
	return totpCode(key, stepAt(auth.clock.now()));
}

test("who has a passkey signs in with the password and it, or with it alone, but not with the password alone", async () => {
	const user = await enrolled();
	const asked = await givePassword(user.username);
	expect(asked.kinds).toEqual(["passkey", "recovery_code"]);
	const request = requestOf(asked);
	expect(request.allowCredentials.map(({ id }) => id)).toEqual([user.held.id]);
	// A device that was asked for this very passkey need not say whose it is.
	const pair = await asWell(asked.challenge, user.held.answer(request, { user_handle: null }));
	expect((await auth.as(pair)).actor).toMatchObject({ name: user.username });
	const [record] = await audited("signInWithPasskeyAsWell", user.id);
	expect(record).toMatchObject({ after: { signed_in_with: "password and passkey", passkey: "phone" } });
});

test("an answer is good once, and an attempt is over after five minutes", async () => {
	const user = await enrolled();
	const { attempt, options } = await beginSignIn();
	const answer = user.held.answer(options);
	const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => signIn(attempt, answer)));
	expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	await expect(signIn(attempt, answer)).rejects.toMatchObject(refused);
	await expect(signIn((await beginSignIn()).attempt, answer)).rejects.toMatchObject(refused);

	const late = await beginSignIn();
	await auth.clock.advance(301_000);
	await expect(signIn(late.attempt, user.held.answer(late.options))).rejects.toMatchObject(refused);

	const asked = await givePassword(user.username);
	const second = user.held.answer(requestOf(asked));
	await asWell(asked.challenge, second);
	await expect(asWell(asked.challenge, second)).rejects.toMatchObject({ code: "auth.challenge_over" });
});

test("what was answered for one purpose is of no use for another", async () => {
	const user = await enrolled();
	const asked = await givePassword(user.username);
	const own = await beginSignIn();
	// The challenge of a sign-in with the password, for one without; and the other way round.
	await expect(signIn(asked.challenge, user.held.answer(requestOf(asked)))).rejects.toMatchObject(refused);
	await expect(signIn(own.attempt, user.held.answer(requestOf(asked)))).rejects.toMatchObject(refused);
	await expect(asWell(own.attempt, user.held.answer(own.options))).rejects.toMatchObject({
		code: "auth.challenge_over",
	});
	await expect(asWell(asked.challenge, user.held.answer(own.options))).rejects.toMatchObject(refused);
	// Those of adding one and of signing in.
	const adding = await begin(user.caller);
	const forAdding = { ...own.options, challenge: adding.options.challenge };
	await expect(signIn(adding.attempt, user.held.answer(forAdding))).rejects.toMatchObject(refused);
	const signing = await beginSignIn();
	const made = makePasskey(adding, { challenge: signing.options.challenge });
	await expect(add(user.caller, { attempt: signing.attempt }, made)).rejects.toMatchObject({
		code: "passkeys.attempt_over",
	});
	await expect(add(user.caller, adding, made)).rejects.toMatchObject({ code: "passkeys.invalid" });
	// And what makes a passkey for what answers with one.
	const type = "webauthn.create";
	await expect(signInWith(user.held, { type })).rejects.toMatchObject(refused);
});

test("a passkey is added by who began to, in the session that they began in", async () => {
	const [user, other] = [await addUser(), await addUser()];
	const stolen = await begin(user.caller);
	await expect(add(other.caller, stolen, makePasskey(stolen))).rejects.toMatchObject({ code: "passkeys.attempt_over" });
	const mine = await begin(user.caller);
	const elsewhere = await auth.as(await auth.login(user.username, password));
	await expect(add(elsewhere, mine, makePasskey(mine))).rejects.toMatchObject({ code: "passkeys.attempt_over" });
	const late = await begin(user.caller);
	await auth.clock.advance(301_000);
	await expect(add(user.caller, late, makePasskey(late))).rejects.toMatchObject({ code: "passkeys.attempt_over" });
	const ended = await begin(user.caller);
	await auth.api.setUserPassword({ params: { id: user.id }, body: { password: "another good password" } }, admin);
	await expect(add(user.caller, ended, makePasskey(ended))).rejects.toMatchObject({ code: "passkeys.attempt_over" });
	expect((await auth.api.listUserSecondFactors({ params: { id: user.id } }, admin)).passkeys).toEqual([]);
});

test.each<[string, NonNullable<Parameters<HeldPasskey["answer"]>[1]>]>([
	["another origin", { origin: "https://nc.example.org.evil.example" }],
	["the same name without TLS", { origin: "http://nc.example.org" }],
	["another port", { origin: "https://nc.example.org:8443" }],
	["a page within another's", { cross_origin: true }],
	["another relying party", { rp_id: "evil.example" }],
	["a parent domain", { rp_id: "example.org" }],
	["a device that has not recognised its owner", { verified: false }],
	["a device that nobody touched", { present: false }],
	["another challenge", { challenge: Buffer.alloc(32, 1).toString("base64url") }],
])("%s is refused, in signing in, as second factor and in adding", async (_, wishes) => {
	const user = await enrolled();
	await expect(signInWith(user.held, wishes)).rejects.toMatchObject(refused);
	const asked = await givePassword(user.username);
	await expect(asWell(asked.challenge, user.held.answer(requestOf(asked), wishes))).rejects.toMatchObject(refused);
	const begun = await begin(user.caller);
	await expect(add(user.caller, begun, makePasskey(begun, wishes))).rejects.toMatchObject({ code: "passkeys.invalid" });
	expect((await auth.api.listMySecondFactors({}, user.caller)).passkeys).toHaveLength(1);
});

test("another's passkey, credential id or handle is of no use", async () => {
	const [one, other] = [await enrolled(), await enrolled()];
	// Signed by one's own key under the other's id.
	await expect(signInWith(one.held, { credential_id: other.held.id })).rejects.toMatchObject(refused);
	await expect(
		signInWith(one.held, { credential_id: other.held.id, user_handle: other.begun.options.user.id }),
	).rejects.toMatchObject(refused);
	await expect(signInWith(one.held, { user_handle: other.begun.options.user.id })).rejects.toMatchObject(refused);
	await expect(signInWith(one.held, { user_handle: null })).rejects.toMatchObject(refused);
	const asked = await givePassword(one.username);
	const request = requestOf(asked);
	await expect(asWell(asked.challenge, other.held.answer(request))).rejects.toMatchObject(refused);
	await expect(
		asWell(asked.challenge, one.held.answer(request, { user_handle: other.begun.options.user.id })),
	).rejects.toMatchObject(refused);
	const params = { id: other.passkey.id };
	await expect(auth.api.removePasskey({ params, body: { password } }, one.caller)).rejects.toMatchObject({
		code: "passkeys.not_found",
	});
	await expect(auth.api.renamePasskey({ params, body: { name: "mine" } }, one.caller)).rejects.toMatchObject({
		code: "passkeys.not_found",
	});
	expect((await auth.api.listMySecondFactors({}, other.caller)).passkeys).toMatchObject([{ name: "phone" }]);
});

test("a passkey is known once: another user who sends its id with a key of their own gets nothing", async () => {
	const user = await enrolled();
	const thief = await addUser();
	const begun = await begin(thief.caller);
	await expect(add(thief.caller, begun, makePasskey(begun, { credential_id: user.held.id }))).rejects.toMatchObject({
		code: "passkeys.exists",
	});
	const again = await begin(user.caller);
	await expect(add(user.caller, again, makePasskey(again, { credential_id: user.held.id }))).rejects.toMatchObject({
		code: "passkeys.exists",
	});
	await signInWith(user.held);
	await auth.login(thief.username, password);
});

test("a counter that does not go on is refused and audited, at either way in; one that stays at 0 is a synced passkey's", async () => {
	const user = await enrolled();
	await signInWith(user.held, { count: 7 });
	for (const count of [7, 6, 0]) {
		await expect(signInWith(user.held, { count })).rejects.toMatchObject({ code: "auth.passkey_copied" });
	}
	const asked = await givePassword(user.username);
	await expect(asWell(asked.challenge, user.held.answer(requestOf(asked), { count: 7 }))).rejects.toMatchObject({
		code: "auth.passkey_copied",
	});
	expect((await audited("signInWithPasskey", user.id)).map(({ outcome }) => outcome)).toEqual([
		"succeeded",
		"failed",
		"failed",
		"failed",
	]);
	expect(JSON.stringify(await audited("signInWithPasskey", user.id))).toContain("auth.passkey_copied");
	await signInWith(user.held, { count: 8 });

	const synced = await enrolled();
	for (let n = 0; n < 3; n++) await signInWith(synced.held, { count: 0 });
});

test("huge, cut off, nested and meaningless bytes are refused as what they are, not as faults of ours", async () => {
	const user = await enrolled();
	const whole = Buffer.from(user.held.made.attestationObject, "base64url");
	const bad: Made[] = [
		{ attestation: Buffer.from([0xff]) },
		{ attestation: whole.subarray(0, whole.length - 20) },
		{ attestation: Buffer.concat([whole, Buffer.from([0])]) },
		// 20,000 arrays within each other, and a map that promises four thousand million entries.
		{ attestation: Buffer.alloc(20_000, 0x81) },
		{ attestation: Buffer.from("bafffffffe6161", "hex") },
		{ attestation: Buffer.from("5bffffffffffffffff00", "hex") },
		{ cose: Buffer.from("a0", "hex") },
		{ cose: Buffer.from("a10326", "hex").fill(0xa5, 0, 1) },
		{ cose: Buffer.alloc(3_000, 0x81) },
		// ES384, which was not offered.
		{ cose: Buffer.from("a2010203382200", "hex").subarray(0, 6) },
	];
	for (const wishes of bad) {
		const begun = await begin(user.caller);
		await expect(add(user.caller, begun, makePasskey(begun, wishes))).rejects.toMatchObject({
			code: "passkeys.invalid",
		});
	}
	const begun = await begin(user.caller);
	const too_large = makePasskey(begun, { attestation: Buffer.alloc(40_000) });
	await expect(add(user.caller, begun, too_large)).rejects.toMatchObject({ code: "request.invalid" });

	const request = (await beginSignIn()).options;
	const good = user.held.answer(request);
	const text = (value: string) => Buffer.from(value).toString("base64url");
	const answers: Partial<Answer>[] = [
		{ authenticatorData: "AA" },
		{ authenticatorData: Buffer.alloc(6_000, 0xff).toString("base64url") },
		{ signature: "AA" },
		{ signature: Buffer.alloc(1_500, 0x30).toString("base64url") },
		{ clientDataJSON: text("null") },
		{ clientDataJSON: text('{"type":') },
		{ clientDataJSON: text(`{"type":"webauthn.get","challenge":"${request.challenge}"}`) },
		{ clientDataJSON: text("[".repeat(5_000)) },
	];
	for (const changed of answers) {
		const { attempt } = await beginSignIn();
		await expect(signIn(attempt, { ...good, ...changed })).rejects.toMatchObject(refused);
		await auth.clock.advance(16 * 60_000);
	}
	await expect(signIn("ncp_x", { ...good, id: "not base64!" })).rejects.toMatchObject({ code: "request.invalid" });
	expect(auth.logged()).not.toContain('"level":"error"');
});

test("who is disabled, deleted or was given another password meanwhile does not come in by a passkey", async () => {
	const user = await enrolled();
	const params = { id: user.id };
	await auth.api.updateUser({ params, body: { disabled: true } }, admin);
	await expect(signInWith(user.held)).rejects.toMatchObject(refused);
	await auth.api.updateUser({ params, body: { disabled: false } }, admin);
	await signInWith(user.held);
	await auth.api.deleteUser({ params }, admin);
	await expect(signInWith(user.held)).rejects.toMatchObject(refused);
	expect(await auth.db.query("select 1 from passkeys where user_id = $1", [user.id])).toEqual([]);
});

test("a session alone neither gives nor takes a passkey, and an API token does neither with the password", async () => {
	const user = await enrolled();
	for (const body of [{ password: "wrong" }, { code: "AAAA-BBBB-CCCC-DDDD" }]) {
		const code = body.password === undefined ? "auth.wrong_code" : "auth.bad_credentials";
		await expect(auth.api.beginPasskey({ body }, user.caller)).rejects.toMatchObject({ code });
		const params = { id: user.passkey.id };
		await expect(auth.api.removePasskey({ params, body }, user.caller)).rejects.toMatchObject({ code });
	}
	await expect(auth.api.beginPasskey({ body: {} }, user.caller)).rejects.toMatchObject({ code: "request.invalid" });
	const body = { name: "script", permissions: ["devices:read"] };
	const token = await auth.asToken((await auth.api.createToken({ body }, user.caller)).token);
	await expect(begin(token)).rejects.toMatchObject({ code: "auth.forbidden" });
	// A recovery code shows who they are as well, once.
	const code = user.recovery_codes[0] ?? "";
	await auth.api.beginPasskey({ body: { code } }, user.caller);
	await expect(auth.api.beginPasskey({ body: { code } }, user.caller)).rejects.toMatchObject({
		code: "auth.wrong_code",
	});
});

test("passkeys are named, renamed and removed; with the last one the recovery codes go and the password is enough", async () => {
	const user = await enrolled();
	const begun = await begin(user.caller);
	const second = await add(user.caller, begun, makePasskey(begun), "  key ring ");
	expect(second.passkey.name).toBe("key ring");
	const params = { id: second.passkey.id };
	expect(await auth.api.renamePasskey({ params, body: { name: "spare key" } }, user.caller)).toMatchObject({
		name: "spare key",
	});
	await expect(auth.api.renamePasskey({ params, body: { name: "a\nb" } }, user.caller)).rejects.toMatchObject({
		code: "request.invalid",
	});
	await auth.api.removePasskey({ params: { id: user.passkey.id }, body: { password } }, user.caller);
	await expect(signInWith(user.held)).rejects.toMatchObject(refused);
	expect(await auth.api.listMySecondFactors({}, user.caller)).toMatchObject({
		passkeys: [{ name: "spare key" }],
		recovery_codes_left: 10,
	});
	await auth.api.removePasskey({ params, body: { password } }, user.caller);
	expect(await auth.api.listMySecondFactors({}, user.caller)).toEqual({
		factors: [],
		passkeys: [],
		recovery_codes_left: 0,
	});
	await auth.login(user.username, password);
});

test("nobody has more than twenty passkeys", async () => {
	const user = await addUser();
	for (let n = 0; n < 20; n++) {
		const begun = await begin(user.caller);
		await add(user.caller, begun, makePasskey(begun));
	}
	await expect(begin(user.caller)).rejects.toMatchObject({ code: "passkeys.too_many" });
});

test("where a second factor is asked for, a passkey is one, and the last one of either kind is not removed by its owner", async () => {
	const [user, app] = [await addUser(), await addUser()];
	const owes = async (caller: Caller) => (await auth.api.getMe({}, caller)).must_add_second_factor;
	const factor = await auth.api.beginSecondFactor({ body: { password } }, app.caller);
	const code = appCode(factor.secret);
	await auth.api.confirmSecondFactor({ params: { id: factor.id }, body: { code } }, app.caller);
	await auth.api.updateSettings({ body: { require_second_factor: true } }, admin);
	try {
		expect(await owes(user.caller)).toBe(true);
		const begun = await begin(user.caller);
		const { passkey } = await add(user.caller, begun, makePasskey(begun));
		expect(await owes(user.caller)).toBe(false);
		const params = { id: passkey.id };
		await expect(auth.api.removePasskey({ params, body: { password } }, user.caller)).rejects.toMatchObject({
			code: "second_factors.required",
		});
		await expect(
			auth.api.removeSecondFactor({ params: { id: factor.id }, body: { password } }, app.caller),
		).rejects.toMatchObject({ code: "second_factors.required" });
		const more = await begin(app.caller);
		await add(app.caller, more, makePasskey(more));
		await auth.api.removeSecondFactor({ params: { id: factor.id }, body: { password } }, app.caller);
		const { factors, passkeys } = await auth.api.listMySecondFactors({}, user.caller);
		expect([factors, passkeys.map(({ id }) => id)]).toEqual([[], [passkey.id]]);
	} finally {
		await auth.api.updateSettings({ body: { require_second_factor: false } }, admin);
	}
});

test("an administrator removes the passkeys of who lost them, whose sessions end; nobody beyond their grants does", async () => {
	const boss = await enrolled({ role: "admin" });
	const body = { name: "key-clerk", label: "Clerk", permissions: ["users:*"] };
	await auth.api.createRole({ body }, admin);
	const clerk = await addUser({ role: "key-clerk" });
	const params = { id: boss.id };
	await expect(auth.api.removeUserSecondFactors({ params }, clerk.caller)).rejects.toMatchObject({
		code: "roles.escalation",
	});
	const asked = await givePassword(boss.username);
	await auth.api.removeUserSecondFactors({ params }, admin);
	await expect(auth.as(boss.pair)).rejects.toMatchObject({ code: "auth.session_ended" });
	await expect(signInWith(boss.held)).rejects.toMatchObject(refused);
	await expect(asWell(asked.challenge, boss.held.answer(requestOf(asked)))).rejects.toMatchObject({
		code: "auth.challenge_over",
	});
	await auth.login(boss.username, password);
});

test("guessing at passkeys is slowed down, and keeps the owner of one out nowhere", async () => {
	const user = await enrolled();
	const seen: string[] = [];
	for (let n = 0; n < 40; n++) {
		const wishes = { rp_id: "evil.example", count: 0 };
		seen.push(
			await signInWith(user.held, wishes, `10.4.${n}.1`).then(
				() => "",
				(error) => error.code,
			),
		);
	}
	expect(seen.filter((code) => code === "auth.passkey_refused").length).toBeLessThan(15);
	expect(seen.at(-1)).toBe("auth.throttled");
	await signInWith(user.held, {}, "192.0.2.1");
});

test("attempts and answers are kept as hashes, and are neither logged nor published", async () => {
	const user = await enrolled();
	const signing = await beginSignIn();
	const adding = await begin(user.caller);
	const kept = JSON.stringify(await auth.db.query("select * from passkey_attempts"));
	const answer = user.held.answer(signing.options);
	await signIn(signing.attempt, answer);
	const told = `${auth.logged()}${JSON.stringify(await auth.db.query("select * from outbox"))}`;
	for (const secret of [signing.attempt, adding.attempt, signing.options.challenge, answer.signature]) {
		expect(kept).not.toContain(secret);
		expect(told).not.toContain(secret);
	}
});

test("where no browser takes passkeys none are begun; those of a former address still count as a second factor, and recovery codes get in", async () => {
	const user = await enrolled();
	expect((await auth.api.getSignIn({}, anonymousFrom())).passkey_origin).toBe("https://nc.example.org");
	await auth.db.query("update passkeys set domain = 'old.example.org' where id = $1", [user.passkey.id]);
	await expect(signInWith(user.held)).rejects.toMatchObject(refused);
	const asked = await givePassword(user.username);
	expect(asked).toMatchObject({ kinds: ["recovery_code"] });
	expect(asked.passkey).toBeUndefined();
	const body = { challenge: asked.challenge, code: user.recovery_codes[0] ?? "" };
	await auth.api.signInWithCode({ body }, anonymousFrom());

	const elsewhere = await startAuthHost("auth_no_passkeys", {
		admin_password: adminPassword,
		public_url: "http://192.0.2.7:8000",
	});
	try {
		expect((await elsewhere.api.getSignIn({}, anonymousFrom())).passkey_origin).toBeNull();
		const caller = await elsewhere.as(await elsewhere.login("admin", adminPassword));
		await expect(elsewhere.api.beginPasskeySignIn({}, anonymousFrom())).rejects.toMatchObject({
			code: "passkeys.unavailable",
			message: expect.stringContaining("NETCONDUCTOR_PUBLIC_URL"),
		});
		await expect(elsewhere.api.beginPasskey({ body: { password: adminPassword } }, caller)).rejects.toMatchObject({
			code: "passkeys.unavailable",
		});
	} finally {
		await elsewhere.stop();
	}
});
