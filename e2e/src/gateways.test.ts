import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SeveralGateways, startSeveralGateways } from "./several-gateways.ts";

/** Several gateways before the same services are to a client as one. */

const limit = 40;
let several: SeveralGateways;

beforeAll(async () => {
	several = await startSeveralGateways({ NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: String(limit) });
}, 240_000);
afterAll(() => several?.dispose());

const ask = (url: string, token: string) =>
	fetch(`${url}/api/devices`, { headers: { authorization: `Bearer ${token}` } });

describe("a limit", () => {
	test("is one for all gateways together, whichever is asked, and says what is left of it", async () => {
		const { product, url } = several;
		const { token } = await product.as(product.admin_token).auth.createToken({
			body: { name: "busy", permissions: ["devices:read"] },
		});
		const first = await ask(url, token);
		expect(first.status).toBe(200);
		expect(first.headers.get("ratelimit-policy")).toBe(`"token";q=${limit};w=60`);
		expect(first.headers.get("ratelimit")).toMatch(new RegExp(`^"token";r=${limit - 1};t=\\d+$`));
		const statuses = [];
		for (let sent = 1; sent < limit; sent++)
			statuses.push((await ask([product.url, url][sent % 2] ?? "", token)).status);
		expect(new Set(statuses)).toEqual(new Set([200]));
		for (const gateway of [product.url, url]) {
			const refused = await ask(gateway, token);
			expect(refused.status).toBe(429);
			expect(refused.headers.get("ratelimit")).toMatch(/^"token";r=0;t=\d+$/);
			expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
			expect(await refused.json()).toMatchObject({ code: "request.rate_limited", retryable: true });
		}
		const other = await product.as(product.admin_token).auth.createToken({
			body: { name: "quiet", permissions: ["devices:read"] },
		});
		expect((await ask(url, other.token)).status).toBe(200);
	});

	test("holds in each gateway while Redis is away, and nobody is refused for that", async () => {
		const { product, url, redis, gateway } = several;
		const { token } = await product.as(product.admin_token).auth.createToken({
			body: { name: "meanwhile", permissions: ["devices:read"] },
		});
		await redis.kill();
		const statuses = [];
		for (let sent = 0; sent < limit + 1; sent++) statuses.push((await ask(url, token)).status);
		expect(statuses).toEqual([...Array.from({ length: limit }, () => 200), 429]);
		const said = gateway.output().match(/each process counts limits for itself/g);
		expect(said).toHaveLength(1);
		await redis.start();
	});
});
