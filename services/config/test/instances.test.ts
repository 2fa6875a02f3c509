import { newId } from "@netconductor/runtime/id";
import { actorWith } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Ending, type StacksHost, startStacksHost } from "./stacks-host.ts";
import { failureOf } from "./start.ts";

let host: StacksHost;
let r1: string;
let r2: string;
let count = 0;
let name: string;

beforeAll(async () => {
	host = await startStacksHost();
	r1 = host.addDevice("r1");
	r2 = host.addDevice("r2");
	const remove = await host.api.createTemplate({
		body: { name: "remove", type: "delete", source: "no ip route {{ prefix }}\n" },
	});
	await host.api.createTemplate({
		body: { name: "add", source: "ip route {{ prefix }} Null0\n", delete_template_id: remove.id },
	});
});
afterAll(() => host?.stop());

beforeEach(async () => {
	count += 1;
	name = `edge ${count}`;
	const { id: template_id } = await host.api.getTemplate({ params: { id: "add" } });
	const service = { template_id, targets: { all: true } };
	await host.api.createStack({
		body: {
			name,
			services: [
				{ ...service, name: "one", variables: { prefix: "198.51.100.0/24" } },
				{ ...service, name: "two", variables: { prefix: "203.0.113.0/24" } },
			],
		},
	});
});

async function eventually<T>(ask: () => Promise<T>, holds: (found: T) => void): Promise<T> {
	for (let tries = 0; ; tries++) {
		const found = await ask();
		try {
			holds(found);
			return found;
		} catch (error) {
			if (tries === 100) throw error;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}

async function instances() {
	const { items } = await host.api.listServiceInstances({ query: { stack: name } });
	return items;
}
const states = async () =>
	(await instances()).map((one) => `${one.service} on ${one.device_name}: ${one.state}`).sort();
const stateIs = (expected: string[]) => eventually(states, (found) => expect(found).toEqual(expected));
const stackIs = (state: string) =>
	eventually(
		async () => (await host.api.getStack({ params: { id: name } })).state,
		(found) => expect(found).toBe(state),
	);
const everywhere = ["one on r1: deployed", "one on r2: deployed", "two on r1: deployed", "two on r2: deployed"];

async function deployed(...outcomes: [Ending, Ending]): Promise<string> {
	const { run_id } = await host.api.deployStack({ params: { id: name }, body: {} });
	await host.operationEnds(run_id, r1, outcomes[0]);
	await host.operationEnds(run_id, r2, outcomes[1]);
	return run_id;
}

test("what changes a stack's devices within a window is told to the run's gate; what only reads has none", async () => {
	const not_after = "2026-03-03T02:00:00.000Z";
	const gates = async (kind: "plan" | "deploy", key: string) => {
		const { run_id } = await host.api.startStackRun({ body: { key, stack: name, kind, not_after } });
		// Who asks knows it before it is answered.
		expect(run_id).toBe(key);
		return host.plans.get(run_id)?.steps.flatMap(({ gate }) => gate?.not_after ?? []);
	};
	expect(await gates("plan", newId())).toEqual([]);
	expect(await gates("deploy", newId())).toEqual([not_after]);
});

test("each service on each device is there as soon as its device has it, with the lines that were sent", async () => {
	const { run_id } = await host.api.deployStack({ params: { id: name }, body: {} });
	expect(await states()).toEqual([]);
	await host.operationEnds(run_id, r1, "confirmed");
	await stateIs(["one on r1: deployed", "two on r1: deployed"]);
	const [first] = await instances();
	const found = await host.api.getServiceInstance({ params: { id: first?.id ?? "" } });
	expect(found).toMatchObject({
		stack_name: name,
		template_name: "add",
		stack_version: 1,
		outdated: false,
		run_id,
		text: expect.stringMatching(/^ip route (198\.51\.100|203\.0\.113)\.0\/24 Null0\n?$/),
	});
	await host.operationEnds(run_id, r2, "as_it_was");
	await host.runEnds(run_id, "succeeded");
	await stateIs(everywhere);
	await stackIs("deployed");
	// What was sent is settled once more when the run has ended, a moment later.
	await eventually(
		() => host.db.query("select 1 from sent_services where stack_id = $1", [found.stack_id]),
		(left) => expect(left).toEqual([]),
	);
});

test("a change that was taken back leaves the lines from before, of which a lost one nobody knows", async () => {
	const first = await deployed("confirmed", "confirmed");
	await host.runEnds(first, "succeeded");
	await stackIs("deployed");
	const stack = await host.api.getStack({ params: { id: name } });
	const services = stack.services.map((service) => ({ ...service, variables: { prefix: "192.0.2.0/24" } }));
	await host.api.updateStack({ params: { id: name }, body: { version: stack.version, services } });
	expect((await instances()).every(({ outdated }) => outdated)).toBe(true);
	const second = await deployed("taken_back", "lost");
	await host.runEnds(second, "needs_attention");
	await stateIs(["one on r1: failed", "one on r2: unknown", "two on r1: failed", "two on r2: unknown"]);
	for (const { id, device_name, error } of await instances()) {
		expect((await host.api.getServiceInstance({ params: { id } })).text).not.toContain("192.0.2.0");
		expect(error).toBe(device_name === "r1" ? "the check does not hold" : "The worker was lost");
	}

	// A person looks, and says that the change is there: told by no event of the operation, only by the run's new end.
	host.noteOperation(second, r2, "confirmed");
	await host.runEnds(second, "partial");
	await stateIs(["one on r1: failed", "one on r2: deployed", "two on r1: failed", "two on r2: deployed"]);
	for (const { id, device_name } of await instances()) {
		const { text } = await host.api.getServiceInstance({ params: { id } });
		expect(text.includes("192.0.2.0")).toBe(device_name === "r2");
	}
});

test("what no event told is read from the run when it has ended, and an event that comes again or late changes nothing", async () => {
	const first = await deployed("confirmed", "confirmed");
	await stateIs(everywhere);
	await host.runEnds(first, "succeeded");
	await stackIs("deployed");
	const { run_id: second } = await host.api.deployStack({ params: { id: name }, body: {} });
	host.noteOperation(second, r1, "taken_back");
	await host.runEnds(second, "failed");
	const expected = ["one on r1: failed", "one on r2: deployed", "two on r1: failed", "two on r2: deployed"];
	await stateIs(expected);
	await host.operationEnds(first, r1, "confirmed");
	await host.runEnds(first, "succeeded");
	// Something that is seen afterwards: events are applied in their order.
	await host.publish("device.updated.v1", { device_id: r2, name: "r2", by: "ana" });
	await host.operationEnds(second, r2, "taken_back");
	await new Promise((resolve) => setTimeout(resolve, 200));
	await stateIs(expected);
});

const settled = (run_id: string, status: string) =>
	eventually(
		() => host.db.query("select settle_due, status from stack_runs where run_id = $1", [run_id]),
		(found) => expect(found).toEqual([{ settle_due: false, status }]),
	);

test("what was removed or forgotten does not come back by what a person says of an older run, but by one that repeats it", async () => {
	const first = await deployed("lost", "lost");
	await host.runEnds(first, "needs_attention");
	await stackIs("partial");
	await stateIs(everywhere.map((one) => one.replace("deployed", "unknown")));
	const idsOf = async (device: string) =>
		(await instances()).flatMap(({ id, device_name }) => (device_name === device ? [id] : []));
	const off = await host.api.deleteInstances({ body: { ids: await idsOf("r2") } });
	await host.operationEnds(off.run_id, r2, "confirmed");
	await host.runEnds(off.run_id, "succeeded");
	await settled(off.run_id, "succeeded");
	const [forgotten = ""] = await idsOf("r1");
	await host.api.forgetInstances({ body: { ids: [forgotten] } });
	const left = await states();
	expect(left).toHaveLength(1);

	host.noteOperation(first, r1, "confirmed");
	host.noteOperation(first, r2, "confirmed");
	await host.runEnds(first, "partial");
	await settled(first, "partial");
	expect(await states()).toEqual(left.map((one) => one.replace("unknown", "deployed")));

	const again = await host.retry(first);
	await host.operationEnds(again, r1, "confirmed");
	await stateIs(["one on r1: deployed", "two on r1: deployed"]);
	await host.runEnds(again, "succeeded");
	await settled(again, "succeeded");
});

test("a removal that left out a device leaves the stack partly deployed, until it is off that one too", async () => {
	await host.runEnds(await deployed("confirmed", "confirmed"), "succeeded");
	await stackIs("deployed");
	host.setEnabled(r2, false);
	const some = await host.api.removeStack({ params: { id: name }, body: {} });
	host.setEnabled(r2, true);
	await host.operationEnds(some.run_id, r1, "confirmed");
	await host.runEnds(some.run_id, "succeeded");
	await settled(some.run_id, "succeeded");
	await stateIs(["one on r2: deployed", "two on r2: deployed"]);
	expect(await host.api.getStack({ params: { id: name } })).toMatchObject({ state: "partial", deployed_version: 1 });

	const rest = await host.api.removeStack({ params: { id: name }, body: {} });
	// Of r1 nothing is told: that it is off there is read from the run.
	host.noteOperation(rest.run_id, r1, "as_it_was");
	host.noteOperation(rest.run_id, r2, "confirmed");
	await host.runEnds(rest.run_id, "succeeded");
	await stackIs("pending");
	expect(await host.api.getStack({ params: { id: name } })).toMatchObject({ deployed_version: null });
});

test("chosen services alone are sent again, taken off, and gone; with the last one the stack stands nowhere", async () => {
	await host.runEnds(await deployed("confirmed", "confirmed"), "succeeded");
	await stackIs("deployed");
	await stateIs(everywhere);
	const chosen = (await instances()).filter(({ service, device_name }) => service === "two" && device_name === "r2");
	const ids = chosen.map(({ id }) => id);
	const again = await host.api.redeployInstances({ body: { ids, reason: "CHG-2" } });
	expect(host.plans.get(again.run_id)).toMatchObject({
		kind: "deploy",
		targets: [{ device_id: r2, input: { lines: ["ip route 203.0.113.0/24 Null0"] } }],
	});
	await host.operationEnds(again.run_id, r2, "as_it_was");
	await host.runEnds(again.run_id, "succeeded");
	await stackIs("deployed");

	const off = await host.api.deleteInstances({ body: { ids } });
	expect(host.plans.get(off.run_id)).toMatchObject({
		kind: "delete",
		targets: [{ device_id: r2, input: { lines: ["no ip route 203.0.113.0/24"] } }],
	});
	await host.operationEnds(off.run_id, r2, "confirmed");
	await host.runEnds(off.run_id, "succeeded");
	await stateIs(["one on r1: deployed", "one on r2: deployed", "two on r1: deployed"]);
	await stackIs("partial");

	const rest = await host.api.deleteInstances({ body: { ids: (await instances()).map(({ id }) => id) } });
	await host.operationEnds(rest.run_id, r1, "confirmed");
	await host.operationEnds(rest.run_id, r2, "confirmed");
	await host.runEnds(rest.run_id, "succeeded");
	await stateIs([]);
	await stackIs("pending");
});

test("a run that repeats what failed is the stack's, and with it the stack is deployed", async () => {
	const first = await deployed("confirmed", "taken_back");
	await host.runEnds(first, "partial");
	await stackIs("partial");
	const again = await host.retry(first);
	await stackIs("deploying");
	await host.operationEnds(again, r2, "confirmed");
	await host.runEnds(again, "succeeded");
	await stateIs(everywhere);
	await stackIs("deployed");
	expect(await host.api.getStack({ params: { id: name } })).toMatchObject({ deployed_version: 1, last_run_id: again });
});

test("a run that repeats what failed leaves the stack partly deployed while a device was never reached by either", async () => {
	const { run_id: first } = await host.api.deployStack({ params: { id: name }, body: {} });
	await host.operationEnds(first, r1, "taken_back");
	await host.runEnds(first, "failed");
	await stackIs("failed");
	const again = await host.retry(first);
	await host.operationEnds(again, r1, "confirmed");
	await host.runEnds(again, "succeeded");
	await stackIs("partial");
	await stateIs(["one on r1: deployed", "two on r1: deployed"]);
	const settled = async () =>
		(
			await host.db.query("select 1 from stack_runs where run_id = $1 and not settle_due and status = 'succeeded'", [
				again,
			])
		).length;
	await eventually(settled, (found) => expect(found).toBe(1));
	await stackIs("partial");
});

test("a plan that is made while a run is at work does not keep the stack from hearing of that run's end", async () => {
	const run_id = await deployed("confirmed", "confirmed");
	const plan = await host.api.planStack({ params: { id: name }, body: {} });
	await host.runEnds(plan.run_id, "succeeded");
	await host.runEnds(run_id, "succeeded");
	await stackIs("deployed");
});

test("checks are asked by a run that only reads, and drift is told of the chosen services alone", async () => {
	await host.runEnds(await deployed("confirmed", "confirmed"), "succeeded");
	await stackIs("deployed");
	const chosen = (await instances()).filter(({ service, device_name }) => service === "one" && device_name === "r1");
	const ids = chosen.map(({ id }) => id);
	expect(await failureOf(host.api.checkInstances({ body: { ids } }))).toMatchObject({
		code: "instances.nothing_to_check",
	});
	const { version } = await host.api.getStack({ params: { id: name } });
	const state_checks = [{ kind: "interfaces" as const, names: ["Gi0/0"], within_s: 0 }];
	await host.api.updateStack({ params: { id: name }, body: { version, state_checks } });
	const { run_id } = await host.api.checkInstances({ body: { ids } });
	expect(host.plans.get(run_id)).toMatchObject({
		kind: "check",
		steps: [{ type: "check_state", params: { state_checks } }],
		targets: [{ device_id: r1 }],
	});
	host.backups.set(r1, "hostname r1\nip route 203.0.113.0/24 Null0\n");
	const { validation } = await host.api.validateInstances({ body: { ids } });
	expect(validation).toMatchObject({
		counts: { drifted: 1, in_sync: 0, unknown: 0 },
		devices: [{ device_name: "r1", missing: ["ip route 198.51.100.0/24 Null0"] }],
	});
	const live = await host.api.validateInstances({ body: { ids, source: "live" } });
	expect(live.validation).toBeNull();
	expect(host.plans.get(live.run_id ?? "")).toMatchObject({ kind: "plan", targets: [{ device_id: r1 }] });
});

test("what the stack does not have any more is named, and can be forgotten by who may write stacks", async () => {
	await host.runEnds(await deployed("confirmed", "confirmed"), "succeeded");
	await stackIs("deployed");
	const stack = await host.api.getStack({ params: { id: name } });
	const services = stack.services.filter((service) => service.name === "one");
	await host.api.updateStack({ params: { id: name }, body: { version: stack.version, services } });
	const ids = (await instances()).filter(({ service }) => service === "two").map(({ id }) => id);
	expect(await failureOf(host.api.redeployInstances({ body: { ids } }))).toMatchObject({
		code: "instances.not_in_stack",
		message: expect.stringContaining("two on r1, two on r2"),
	});
	const operator = host.as(actorWith("stacks:read", "stacks:deploy"));
	expect(await failureOf(operator.forgetInstances({ body: { ids } }))).toMatchObject({ code: "auth.forbidden" });
	expect(await host.api.forgetInstances({ body: { ids } })).toEqual({ forgotten: 2 });
	await stateIs(["one on r1: deployed", "one on r2: deployed"]);
	expect(await failureOf(host.api.redeployInstances({ body: { ids } }))).toMatchObject({ code: "instances.not_found" });
	const other = await host.api.listServiceInstances({ query: { page_size: 500 } });
	expect(await failureOf(host.api.redeployInstances({ body: { ids: other.items.map(({ id }) => id) } }))).toMatchObject(
		{ code: "instances.several_stacks" },
	);
});
