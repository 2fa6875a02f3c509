import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Clients, type Door, startProduct } from "./product.ts";
import { byPurpose, startSeveralProcesses } from "./several-processes.ts";

/** What is taken away is gone at once, for requests and for views that are open, in whatever process they are. */

const topologies: { name: string; start(): Promise<Door & { dispose(): Promise<void> }> }[] = [
	{ name: "one process", start: () => startProduct() },
	{ name: "several processes", start: () => startSeveralProcesses(byPurpose) },
];

/** Less than the five seconds that the edge remembers somebody for, and that pass between two looks at who watches. */
const atOnce = { timeout: 3_000, interval: 20 };

describe.each(topologies)("$name", ({ start }) => {
	let running: Awaited<ReturnType<typeof start>>;
	let admin: Clients;
	beforeAll(async () => {
		running = await start();
		admin = running.as(running.admin_token);
	}, 120_000);
	afterAll(() => running?.dispose());

	const password = "a password of some length";

	async function addUser(username: string) {
		const user = await admin.auth.createUser({
			body: { username, password, role: "operator", must_change_password: false },
		});
		return { ...user, signIn: () => running.login(username, password) };
	}

	/** Somebody with a view open, whom the edge has just been asked about: both are remembered from now on. */
	async function present(token: string) {
		const as = running.as(token);
		const { ticket } = await as.auth.createWsTicket({});
		const socket = new WebSocket(`${running.url.replace("http", "ws")}/ws/dashboard?ticket=${ticket}`);
		const view = { close_code: 0 };
		socket.on("close", (code) => {
			view.close_code = code;
		});
		await new Promise((resolve) => socket.once("message", resolve));
		await as.devices.listDevices({ query: {} });
		const refused = () =>
			as.devices.listDevices({ query: {} }).then(
				() => "answered",
				(error: { problem?: { code: string } }) => error.problem?.code,
			);
		return { as, view, refused, stop: () => socket.close() };
	}

	test("a revoked session answers no more and its view closes, while the user's other session goes on", async () => {
		const { signIn } = await addUser("ravi");
		const [lost, kept] = [await present(await signIn()), await present(await signIn())];
		const { items } = await kept.as.auth.listMySessions({ query: {} });
		expect(items).toMatchObject([{ user_agent: expect.stringMatching(/./) }, {}]);
		const other = items.find(({ current }) => !current);
		await kept.as.auth.revokeMySession({ params: { id: other?.id ?? "" } });
		await expect.poll(lost.refused, atOnce).toBe("auth.session_ended");
		await expect.poll(() => lost.view.close_code, atOnce).toBe(4401);
		expect(await kept.refused()).toBe("answered");
		expect(kept.view.close_code).toBe(0);
		kept.stop();
	});

	test("an administrator ends a session of somebody, and all of them by disabling the user", async () => {
		const { id, signIn } = await addUser("dora");
		const [one, two] = [await present(await signIn()), await present(await signIn())];
		const { token } = await two.as.auth.createToken({ body: { name: "script", permissions: ["devices:read"] } });
		const script = await present(token);
		const { items } = await admin.auth.listUserSessions({ params: { id }, query: { sort: "created_at" } });
		await admin.auth.revokeUserSession({ params: { id, session_id: items[0]?.id ?? "" } });
		await expect.poll(one.refused, atOnce).toBe("auth.session_ended");
		await expect.poll(() => one.view.close_code, atOnce).toBe(4401);
		expect([await two.refused(), await script.refused()]).toEqual(["answered", "answered"]);
		await admin.auth.updateUser({ params: { id }, body: { disabled: true } });
		await expect.poll(two.refused, atOnce).toBe("auth.session_ended");
		await expect.poll(script.refused, atOnce).toBe("auth.unauthenticated");
		await expect.poll(() => [two.view.close_code, script.view.close_code], atOnce).toEqual([4401, 4401]);
	});

	test("a revoked API token answers no more and its view closes", async () => {
		const { token, api_token } = await admin.auth.createToken({
			body: { name: "script", permissions: ["devices:read"] },
		});
		const script = await present(token);
		await admin.auth.revokeMyToken({ params: { id: api_token.id } });
		await expect.poll(script.refused, atOnce).toBe("auth.unauthenticated");
		await expect.poll(() => script.view.close_code, atOnce).toBe(4401);
	});

	test("what a role no longer grants is refused from then on", async () => {
		const permissions = ["devices:read", "runs:read"];
		await admin.auth.createRole({ body: { name: "narrowed", label: "Narrowed", permissions } });
		const user = await addUser("nora");
		await admin.auth.updateUser({ params: { id: user.id }, body: { role: "narrowed" } });
		const nora = await present(await user.signIn());
		await admin.auth.updateRole({ params: { name: "narrowed" }, body: { permissions: ["runs:read"] } });
		await expect.poll(nora.refused, atOnce).toBe("auth.forbidden");
		expect(nora.view.close_code).toBe(0);
		nora.stop();
	});
});
