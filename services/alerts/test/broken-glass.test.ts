import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type AlertsHost, hashA, startAlerts } from "./alerts-host.ts";

vi.setConfig({ testTimeout: 30_000 });

let alerts: AlertsHost;
const received: { path: string; body: Record<string, unknown> }[] = [];
let answers = 200;
const chat = createServer(async (request, response) => {
	let text = "";
	for await (const piece of request) text += piece;
	received.push({ path: request.url ?? "", body: JSON.parse(text) });
	response.statusCode = answers;
	response.end();
});

beforeAll(async () => {
	chat.listen(0, "127.0.0.1");
	await once(chat, "listening");
	const { port } = chat.address() as AddressInfo;
	alerts = await startAlerts({
		NETCONDUCTOR_ALERTS_BREAK_GLASS_URL: `http://127.0.0.1:${port}/hook/s3cret`,
		NETCONDUCTOR_OUTBOUND_ALLOW: "127.0.0.1",
	});
});
beforeEach(() => {
	answers = 200;
	received.length = 0;
});
afterAll(async () => {
	await alerts?.stop();
	chat.close();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await holds())) await sleep(20);
}

const reason = "the core is down, the fix is in this";
const broken = (title: string) => ({
	run_id: newId(),
	kind: "deploy" as const,
	subject: null,
	title,
	by: { id: newId(), name: "eve" },
	reason,
	why: "Changes are frozen (Year end)",
	at: alerts.clock.now().toISOString(),
});

test("a chat is told at once who broke the glass of an approval, why and of which run; of an approval that is given it is told nothing", async () => {
	const [ana, bob] = [alerts.person("ana"), alerts.person("bob")];
	const given = await alerts.request(ana);
	await alerts.as(bob).approve({ params: { id: given }, body: { plan_sha256: hashA } });
	const eve = alerts.person("eve", "admin", ["*"]);
	const id = await alerts.request(ana, { title: "Deploy the core" });
	const { run_id } = await alerts.as(eve).bypass({ params: { id }, body: { plan_sha256: hashA, reason } });
	await until(() => received.length > 0);
	expect(received).toEqual([
		{
			path: "/hook/s3cret",
			body: {
				title: "eve broke the glass: Deploy the core",
				message: expect.stringMatching(
					new RegExp(`^The approval that it needs was not given\\.\\nReason: ${reason}\\nRun: ${run_id}\\n`),
				),
				level: "error",
				run: { id: run_id, title: "Deploy the core" },
			},
		},
	]);
});

test("it is told of a calendar that was passed over, too", async () => {
	const event = broken("Deployment of edge");
	await alerts.breakGlass(event);
	await until(() => received.length > 0);
	expect(received[0]?.body).toMatchObject({
		title: "eve broke the glass: Deployment of edge",
		message: expect.stringContaining("Changes are frozen (Year end).\nReason:"),
		run: { id: event.run_id },
	});
});

test("a chat that is away is told when it is back, and then no more", async () => {
	answers = 503;
	await alerts.breakGlass(broken("late"));
	await until(() => received.length === 1);
	answers = 200;
	await until(async () => {
		await alerts.clock.advance(15_000);
		return received.length > 1;
	});
	await until(
		async () => (await alerts.db.query("select from alerts.glass_notices where next_try_at is not null")).length === 0,
	);
	await alerts.clock.advance(3_600_000);
	expect(received).toHaveLength(2);
	expect(received[1]).toEqual(received[0]);
});
