import { authApi } from "@netconductor/contracts/auth/api";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { authService } from "../src/service.ts";

const password = "correct horse battery";
let running: TestHost;
beforeAll(async () => {
	running = await startTestHost({ services: [authService], env: { NETCONDUCTOR_ADMIN_PASSWORD: password } });
});
afterAll(() => running.stop());

test("a rotation renews the encryption key and the signing key, and tokens issued before stay good", async () => {
	const api = running.client(authApi);
	const login = async () => tokensOf(await api.login({ body: { username: "admin", password } }));
	const keys = async () => (await api.getJwks({})) as unknown as JSONWebKeySet;
	const before = await login();
	const [old] = (await keys()).keys;
	const { rotation_id } = await api.rotateKeys({});
	await vi.waitFor(async () => expect((await keys()).keys).toHaveLength(2), { timeout: 25_000, interval: 250 });
	const states = await api.listKeys({});
	expect(states).toEqual([
		{
			service: "auth",
			rotation_id,
			current_key_id: expect.stringMatching(/^[0-9a-f]{16}$/),
			rotated_at: expect.any(String),
			resealed: 1,
		},
	]);
	// The new key is published a while before it signs, so that no verifier meets a key it has not heard of.
	const after = await login();
	for (const { access_token } of [before, after]) {
		const { protectedHeader } = await jwtVerify(access_token, createLocalJWKSet(await keys()));
		expect(protectedHeader.kid).toBe(old?.kid);
	}
}, 30_000);
