import type { GivenPasskey } from "@netconductor/contracts/auth/passkeys";
import { asksForCode } from "@netconductor/contracts/auth/second-factor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stepAt, totpCode } from "../src/second-factor/totp.ts";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";
import { type HeldPasskey, makePasskey } from "./authenticator.ts";

/** A passkey in the place of the password where its owner adds or removes a second factor. */

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: Caller;
beforeAll(async () => {
	auth = await startAuthHost("auth_passkey_proof", {
		admin_password: adminPassword,
		public_url: "https://nc.example.org",
	});
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth.stop());
// Every test begins with attempts forgotten.
beforeEach(() => auth.clock.advance(16 * 60_000));

type Caller = Awaited<ReturnType<AuthHost["as"]>>;
type Wishes = Parameters<HeldPasskey["answer"]>[1];

async function addPasskey(caller: Caller, proof: Parameters<AuthHost["api"]["beginPasskey"]>[0]["body"], name: string) {
	const begun = await auth.api.beginPasskey({ body: proof }, caller);
	const held = makePasskey(begun);
	const body = { attempt: begun.attempt, name, credential: held.made };
	return { held, begun, ...(await auth.api.addPasskey({ body }, caller)) };
}

let users = 0;
async function enrolled() {
	const username = `owner-${++users}`;
	const body = { username, password, role: "viewer", must_change_password: false };
	const { id } = await auth.api.createUser({ body }, admin);
	const caller = await auth.as(await auth.login(username, password));
	return { id, username, caller, ...(await addPasskey(caller, { password }, "phone")) };
}
type Owner = Awaited<ReturnType<typeof enrolled>>;

async function signInWith(held: HeldPasskey): Promise<Caller> {
	const { attempt, options } = await auth.api.beginPasskeySignIn({}, anonymousFrom());
	const body = { attempt, credential: held.answer(options) };
	return auth.as(await auth.api.signInWithPasskey({ body }, anonymousFrom()));
}

async function show(caller: Caller, held: HeldPasskey, wishes: Wishes = {}): Promise<GivenPasskey> {
	const { attempt, options } = await auth.api.beginPasskeyProof({}, caller);
	return { attempt, credential: held.answer(options, wishes) };
}

/** What the proof is for here; where it is refused the recovery codes stay what they were. */
const renew = (caller: Caller, passkey: GivenPasskey) => auth.api.createRecoveryCodes({ body: { passkey } }, caller);
const refused = { code: "auth.passkey_refused" };

/** That none of what was tried changed anything. */
async function codesStay({ caller, recovery_codes }: Owner) {
	const body = { code: recovery_codes[0] ?? "" };
	await auth.api.beginPasskey({ body }, caller);
}

function appCode(uri: string): string {
	const secret = new URL(uri).searchParams.get("secret") ?? "";
	const bits = [...secret].map((letter) =>
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
	);
	const key = Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
	return totpCode(key, stepAt(auth.clock.now()));
}

test("who signed in with a passkey alone adds and removes every kind of second factor with it, and never says the password", async () => {
	const owner = await enrolled();
	const caller = await signInWith(owner.held);
	const proof = async (held = owner.held) => ({ passkey: await show(caller, held) });
	const { options } = await auth.api.beginPasskeyProof({}, caller);
	expect(options).toMatchObject({ rpId: "nc.example.org", userVerification: "required" });
	expect(options.allowCredentials.map(({ id }) => id)).toEqual([owner.held.id]);

	const second = await addPasskey(caller, await proof(), "key ring");
	const app = await auth.api.beginSecondFactor({ body: await proof() }, caller);
	await auth.api.confirmSecondFactor({ params: { id: app.id }, body: { code: appCode(app.uri) } }, caller);
	expect((await auth.api.createRecoveryCodes({ body: await proof(second.held) }, caller)).recovery_codes).toHaveLength(
		10,
	);
	const used = (await auth.api.listMySecondFactors({}, caller)).passkeys.map(({ last_used_at }) => last_used_at);
	expect(used).toEqual([auth.clock.now().toISOString(), auth.clock.now().toISOString()]);

	await auth.api.removeSecondFactor({ params: { id: app.id }, body: await proof() }, caller);
	await auth.api.removePasskey({ params: { id: second.passkey.id }, body: await proof() }, caller);
	// The very passkey that shows it, which is the last one.
	await auth.api.removePasskey({ params: { id: owner.passkey.id }, body: await proof() }, caller);
	expect(await auth.api.listMySecondFactors({}, caller)).toEqual({ factors: [], passkeys: [], recovery_codes_left: 0 });
	await expect(auth.api.beginPasskeyProof({}, caller)).rejects.toMatchObject({ code: "passkeys.not_found" });
});

test("the last second factor stays where one is asked for, also for the passkey that it is", async () => {
	const owner = await enrolled();
	await auth.api.updateSettings({ body: { require_second_factor: true } }, admin);
	try {
		const body = { passkey: await show(owner.caller, owner.held) };
		await expect(
			auth.api.removePasskey({ params: { id: owner.passkey.id }, body }, owner.caller),
		).rejects.toMatchObject({ code: "second_factors.required" });
	} finally {
		await auth.api.updateSettings({ body: { require_second_factor: false } }, admin);
	}
});

test("an answer shows it once, whoever is first, and for five minutes", async () => {
	const owner = await enrolled();
	const given = await show(owner.caller, owner.held);
	const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => renew(owner.caller, given)));
	expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	await expect(renew(owner.caller, given)).rejects.toMatchObject(refused);
	const { attempt } = await auth.api.beginPasskeyProof({}, owner.caller);
	await expect(renew(owner.caller, { ...given, attempt })).rejects.toMatchObject(refused);

	const late = await show(owner.caller, owner.held);
	await auth.clock.advance(301_000);
	await expect(renew(owner.caller, late)).rejects.toMatchObject(refused);
});

test("what was answered to sign in or to add a passkey shows nothing, and what shows it signs nobody in", async () => {
	const owner = await enrolled();
	const { caller, held } = owner;
	const signing = await auth.api.beginPasskeySignIn({}, anonymousFrom());
	await expect(
		renew(caller, { attempt: signing.attempt, credential: held.answer(signing.options) }),
	).rejects.toMatchObject(refused);
	const proving = await auth.api.beginPasskeyProof({}, caller);
	await expect(
		renew(caller, { attempt: proving.attempt, credential: held.answer(signing.options) }),
	).rejects.toMatchObject(refused);
	const answer = await auth.api.login({ body: { username: owner.username, password } }, anonymousFrom());
	if (!asksForCode(answer) || answer.second_factor.passkey === undefined) throw new Error("no passkey was asked for");
	const { challenge, passkey } = answer.second_factor;
	await expect(renew(caller, { attempt: challenge, credential: held.answer(passkey) })).rejects.toMatchObject(refused);
	const adding = await auth.api.beginPasskey({ body: { password } }, caller);
	const forAdding = { ...signing.options, challenge: adding.options.challenge };
	await expect(renew(caller, { attempt: adding.attempt, credential: held.answer(forAdding) })).rejects.toMatchObject(
		refused,
	);

	const signIn = (given: GivenPasskey) => auth.api.signInWithPasskey({ body: given }, anonymousFrom());
	await expect(signIn(await show(caller, held))).rejects.toMatchObject(refused);
	const shown = await show(caller, held);
	const fresh = await auth.api.beginPasskeySignIn({}, anonymousFrom());
	await expect(signIn({ ...shown, attempt: fresh.attempt })).rejects.toMatchObject(refused);
	const body = { challenge, credential: shown.credential };
	await expect(auth.api.signInWithPasskeyAsWell({ body }, anonymousFrom())).rejects.toMatchObject(refused);
	const wanted = await auth.api.beginPasskeyProof({}, caller);
	const made = makePasskey(adding, { challenge: wanted.options.challenge }).made;
	await expect(
		auth.api.addPasskey({ body: { attempt: wanted.attempt, name: "x", credential: made } }, caller),
	).rejects.toMatchObject({ code: "passkeys.attempt_over" });
	await codesStay(owner);
});

test("another's passkey, another's question and another session of one's own show nothing", async () => {
	const [owner, other] = [await enrolled(), await enrolled()];
	const { attempt, options } = await auth.api.beginPasskeyProof({}, owner.caller);
	await expect(renew(owner.caller, { attempt, credential: other.held.answer(options) })).rejects.toMatchObject(refused);
	for (const wishes of [
		// Signed by another's key under one's own id, and by one's own under another's handle.
		{ by: other.held, credential_id: owner.held.id, user_handle: owner.begun.options.user.id },
		{ by: owner.held, user_handle: other.begun.options.user.id },
	]) {
		const given = await show(owner.caller, wishes.by, wishes);
		await expect(renew(owner.caller, given)).rejects.toMatchObject(refused);
	}
	// Asked of one, shown as the other.
	await expect(renew(owner.caller, await show(other.caller, other.held))).rejects.toMatchObject(refused);
	await expect(renew(other.caller, await show(owner.caller, owner.held))).rejects.toMatchObject(refused);
	const elsewhere = await signInWith(owner.held);
	await expect(renew(owner.caller, await show(elsewhere, owner.held))).rejects.toMatchObject(refused);
	const ended = await show(owner.caller, owner.held);
	await auth.api.setUserPassword({ params: { id: owner.id }, body: { password: "another good password" } }, admin);
	await expect(renew(await signInWith(owner.held), ended)).rejects.toMatchObject(refused);
	await codesStay(other);
});

test.each<[string, NonNullable<Wishes>]>([
	["a device that has not recognised its owner", { verified: false }],
	["a device that nobody touched", { present: false }],
	["another origin", { origin: "https://nc.example.org.evil.example" }],
	["a page within another's", { cross_origin: true }],
	["another relying party", { rp_id: "evil.example" }],
	["another challenge", { challenge: Buffer.alloc(32, 1).toString("base64url") }],
	["what makes a passkey", { type: "webauthn.create" }],
])("%s shows nothing", async (_, wishes) => {
	const owner = await enrolled();
	await expect(renew(owner.caller, await show(owner.caller, owner.held, wishes))).rejects.toMatchObject(refused);
	await codesStay(owner);
});

test("a counter that does not go on is refused and in the record, and so is every other proof that is none", async () => {
	const owner = await enrolled();
	await renew(owner.caller, await show(owner.caller, owner.held, { count: 7 }));
	await expect(renew(owner.caller, await show(owner.caller, owner.held, { count: 7 }))).rejects.toMatchObject({
		code: "auth.passkey_copied",
	});
	const records = await auth.db.query<{ payload: { outcome: string; error_code?: string } }>(
		"select payload from outbox where payload ->> 'operation' = 'createRecoveryCodes' and payload ->> 'resource_id' = $1 order by position",
		[owner.id],
	);
	expect(records.map(({ payload }) => [payload.outcome, payload.error_code])).toEqual([
		["succeeded", undefined],
		["failed", "auth.passkey_copied"],
	]);
});

test("one proof is given, not two; a token asks for none, and guesses from a session are slowed down", async () => {
	const owner = await enrolled();
	const passkey = await show(owner.caller, owner.held);
	for (const body of [{ password, passkey }, { code: "123456", passkey }, {}]) {
		await expect(auth.api.createRecoveryCodes({ body }, owner.caller)).rejects.toMatchObject({
			code: "request.invalid",
		});
	}
	const body = { name: "script", permissions: ["devices:read"] };
	const token = await auth.asToken((await auth.api.createToken({ body }, owner.caller)).token);
	await expect(auth.api.beginPasskeyProof({}, token)).rejects.toMatchObject({ code: "auth.forbidden" });
	await expect(renew(token, passkey)).rejects.toMatchObject({ code: "auth.forbidden" });
	const seen: string[] = [];
	for (let n = 0; n < 15; n++) {
		const given = await show(owner.caller, owner.held, { rp_id: "evil.example" });
		seen.push(
			await renew(owner.caller, given).then(
				() => "",
				(error) => error.code,
			),
		);
	}
	expect(seen[0]).toBe("auth.passkey_refused");
	expect(seen.at(-1)).toBe("auth.throttled");
});

test("attempts are kept as hashes, and neither they nor answers are logged or published", async () => {
	const owner = await enrolled();
	const { attempt, options } = await auth.api.beginPasskeyProof({}, owner.caller);
	const kept = JSON.stringify(await auth.db.query("select * from passkey_attempts"));
	const credential = owner.held.answer(options);
	await renew(owner.caller, { attempt, credential });
	const told = `${auth.logged()}${JSON.stringify(await auth.db.query("select * from outbox"))}`;
	for (const secret of [attempt, options.challenge, credential.signature]) {
		expect(kept).not.toContain(secret);
		expect(told).not.toContain(secret);
	}
});
