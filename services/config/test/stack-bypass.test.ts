import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StacksHost, startStacksHost } from "./stacks-host.ts";

let host: StacksHost;
beforeAll(async () => {
	host = await startStacksHost();
	host.addDevice("r1");
	const { id: template_id } = await host.api.createTemplate({ body: { name: "add", source: "logging on\n" } });
	await host.api.createStack({
		body: { name: "edge", services: [{ name: "one", template_id, targets: { all: true } }] },
	});
});
afterAll(() => host?.stop());

test("runs of a stack say for good who broke the glass of their approval, or of what a calendar held back", async () => {
	const newest = async () => (await host.api.listStackRuns({ params: { id: "edge" }, query: {} })).items[0];
	const at = new Date().toISOString();
	const { run_id: one } = await host.api.deployStack({ params: { id: "edge" }, body: {} });
	const decided = { approval_id: newId(), run_id: one, plan_sha256: "a".repeat(64), not_before: null, not_after: null };
	const reason = "The site is down";
	await host.publish("approval.decided.v1", {
		...decided,
		status: "approved",
		decided_by: ["bob"],
		reason,
		decided_at: at,
	});
	await host.publish("approval.decided.v1", {
		...decided,
		status: "bypassed",
		decided_by: ["eve"],
		reason,
		decided_at: at,
	});
	await host.runEnds(one, "succeeded");
	await expect
		.poll(newest, { timeout: 20_000 })
		.toMatchObject({ run_id: one, status: "succeeded", bypassed_by: "eve" });

	const { run_id: two } = await host.api.deployStack({ params: { id: "edge" }, body: {} });
	const why = "Changes are frozen (Year end)";
	const broken = { kind: "deploy" as const, subject: null, title: "edge", reason, why, at };
	await host.publish("run.glass_broken.v1", { ...broken, run_id: two, by: { id: newId(), name: "kim" } });
	await host.runEnds(two, "succeeded");
	await expect.poll(newest, { timeout: 20_000 }).toMatchObject({ run_id: two, bypassed_by: "kim" });

	const { run_id: three } = await host.api.deployStack({ params: { id: "edge" }, body: {} });
	await host.publish("approval.decided.v1", {
		...decided,
		run_id: three,
		status: "approved",
		decided_by: ["bob"],
		reason,
		decided_at: at,
	});
	await host.runEnds(three, "succeeded");
	await expect.poll(newest, { timeout: 20_000 }).toMatchObject({ run_id: three, bypassed_by: null });
});
