import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type EngineDoor, openEngineDoor } from "./engine-door.ts";
import { type Clients, eventually, type Product, startProduct } from "./product.ts";

/** A change waits for somebody else: with real users, sessions and API tokens, from the command line, and through a crash. */

let product: Product;
let engine: EngineDoor;
let admin: Clients;
const password = "a password of my own 2026";
const plan = "ab".repeat(32);

beforeAll(async () => {
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
	admin = product.as(product.admin_token);
	engine = await openEngineDoor(product);
}, 120_000);
afterAll(async () => {
	await engine?.close();
	await product?.dispose();
});

interface Person {
	id: string;
	name: string;
	api: Clients;
	cli: Cli;
}

async function person(name: string, role = "operator"): Promise<Person> {
	const { id } = await admin.auth.createUser({ body: { username: name, role, password, must_change_password: false } });
	const token = await product.login(name, password);
	return { id, name, api: product.as(token), cli: createCli(product, token) };
}

async function ask(by: Pick<Person, "id" | "name">, title = "Deploy bgp-peering"): Promise<string> {
	const run_id = randomUUID();
	const answer = await engine.alerts.requestApproval({
		body: {
			key: `${run_id}:change`,
			run_id,
			kind: "deploy",
			title,
			requested_by: { kind: "user", id: by.id, name: by.name, permissions: [] },
			plan_sha256: plan,
			devices: [{ device_id: randomUUID(), name: "core-1", groups: [] }],
			risk_facts: { writes: true },
		},
	});
	if (!answer.needed) throw new Error("no approval is needed");
	return answer.approval_id;
}

const refusal = (call: Promise<unknown>): Promise<string> =>
	call.then(
		() => "not refused",
		(error: { problem?: { code: string } }) => error.problem?.code ?? String(error),
	);
const approve = (as: Clients, id: string) => as.alerts.approve({ params: { id }, body: { plan_sha256: plan } });
const start = (approval_id: string) => engine.alerts.startApproved({ body: { approval_id, plan_sha256: plan } });

test("who asked approves neither signed in nor with any API token of theirs; a token of somebody else does", async () => {
	const [ann, bob] = [await person("ann"), await person("bob")];
	const id = await ask(ann);
	expect(await refusal(approve(ann.api, id))).toBe("approvals.own_request");
	for (const name of ["nightly", "another"]) {
		const { token } = await ann.api.auth.createToken({
			body: { name, permissions: ["approvals:read", "approvals:decide"] },
		});
		expect(await refusal(approve(product.as(token), id))).toBe("approvals.own_request");
	}
	// Also not as administrator, who they may have become meanwhile.
	await admin.auth.updateUser({ params: { id: ann.id }, body: { role: "admin" } });
	const promoted = product.as(await product.login("ann", password));
	expect(await refusal(approve(promoted, id))).toBe("approvals.own_request");
	const reader = await bob.api.auth.createToken({ body: { name: "reader", permissions: ["approvals:read"] } });
	expect(await refusal(approve(product.as(reader.token), id))).toBe("auth.forbidden");
	const voter = await bob.api.auth.createToken({ body: { name: "voter", permissions: ["approvals:decide"] } });
	expect(await approve(product.as(voter.token), id)).toMatchObject({ status: "approved", decided_by: ["bob"] });
});

test("an approver who is deleted, or whose role loses the permission, does not count when the run begins", async () => {
	const asker = await person("asker");
	const gone = await person("gone");
	const first = await ask(asker);
	await approve(gone.api, first);
	await admin.auth.deleteUser({ params: { id: gone.id } });
	expect(await start(first)).toMatchObject({ may_start: false, state: { status: "lapsed" } });

	await admin.auth.createRole({
		body: { name: "night", label: "Night", permissions: ["approvals:read", "approvals:decide"] },
	});
	const nina = await person("nina", "night");
	const second = await ask(asker);
	await approve(nina.api, second);
	await admin.auth.updateRole({ params: { name: "night" }, body: { permissions: ["approvals:read"] } });
	expect(await start(second)).toMatchObject({ may_start: false, state: { status: "lapsed" } });
});

test("from the command line a plan is approved that was looked at, and no other", async () => {
	const [asker, dora] = [await person("asker-cli"), await person("dora", "manager")];
	const id = await ask(asker, "Deploy from the shell");
	const list = await dora.cli.run(["approvals", "list", "--mine", "to_decide"]);
	expect(list.stdout).toContain("Deploy from the shell");
	const shown = await dora.cli.run(["approvals", "show", id]);
	expect(shown.stdout).toContain(plan);
	expect((await dora.cli.run(["approvals", "approve", id, "--yes"])).code).toBe(2);
	expect((await dora.cli.run(["approvals", "approve", id, "--yes", "--plan", "c".repeat(12)])).code).toBe(2);
	const other = await dora.cli.run(["approvals", "approve", id, "--yes", "--plan", "c".repeat(64)]);
	expect(other.stderr).toContain("Look at it again");
	const own = await asker.cli.run(["approvals", "approve", id, "--yes", "--plan", plan]);
	expect(own).toMatchObject({ code: 3 });
	const done = await dora.cli.run(["approvals", "approve", id, "--yes", "--plan", plan.slice(0, 12), "--reason", "ok"]);
	expect(done.stdout).toContain("is approved");

	const rejected = await ask(asker);
	await dora.cli.run(["approvals", "reject", rejected, "--yes", "--plan", plan, "--reason", "not tonight"]);
	expect(await dora.api.alerts.getApproval({ params: { id: rejected } })).toMatchObject({ status: "rejected" });
	const delegated = await ask(asker);
	const delegate = ["approvals", "delegate", delegated, "--yes", "--plan", plan, "--reason", "asleep", "--until"];
	expect((await dora.cli.run([...delegate, "5", "--to", "bob"])).code).toBe(2);
	expect((await dora.cli.run([...delegate, "2999-01-01", "--to", "asker-cli"])).stderr).toContain("asked for this");
	expect((await dora.cli.run([...delegate, "2999-01-01", "--to", "bob"])).code).toBe(0);
	const chief = createCli(product);
	const broken = ["approvals", "bypass", delegated, "--yes", "--plan", plan, "--reason"];
	expect((await dora.cli.run([...broken, "the core is down"])).code).toBe(3);
	expect((await chief.run([...broken, "the core is down"])).stdout).toContain("bypassed");
});

test("policies are added, tried, ordered and deleted from the command line", async () => {
	const cli = createCli(product);
	await cli.json([
		"approvals",
		"policies",
		"add",
		"Two for core",
		"--group",
		"core",
		"--approvals",
		"2",
		"--user",
		"bob",
	]);
	await cli.json(["approvals", "policies", "add", "Lab is free", "--group", "lab", "--approvals", "0"]);
	await cli.json(["approvals", "policies", "order", "Lab is free", "Two for core"]);
	const tried = await cli.run(["approvals", "policies", "try", "--group", "core", "--command", "no router bgp 65001"]);
	expect(tried.stdout).toContain("2 of bob");
	expect(tried.stdout).toContain("ends a whole routing protocol");
	await cli.json(["approvals", "policies", "edit", "Two for core", "--approvals", "1", "--enabled", "no"]);
	expect((await cli.run(["approvals", "policies", "list"])).stdout).toContain("Two for core (off)");
	for (const name of ["Two for core", "Lab is free"]) {
		expect((await cli.run(["approvals", "policies", "delete", name, "--yes"])).code).toBe(0);
	}
});

test("what waits, what was approved and what is due survive kill -9", async () => {
	const [asker, voter] = [await person("asker-crash"), await person("voter-crash")];
	const policy = await admin.alerts.createApprovalPolicy({
		body: { name: "Two within a minute", stages: [{ needed: 2 }], expires_in_minutes: 1 },
	});
	const half = await ask(asker);
	await approve(voter.api, half);
	await admin.alerts.deleteApprovalPolicy({ params: { id: policy.id } });
	const [approved, waiting] = [await ask(asker), await ask(asker)];
	await approve(voter.api, approved);
	await product.kill();
	await product.restart();
	await engine.close();
	engine = await openEngineDoor(product);
	const token = await product.login("admin", "correct horse battery staple");
	const after = product.as(token).alerts;
	expect(await start(approved)).toMatchObject({ may_start: true });
	expect(await after.getApproval({ params: { id: waiting } })).toMatchObject({ status: "waiting" });
	expect((await after.getApproval({ params: { id: half } })).votes).toHaveLength(1);
	await eventually(
		"it expires though its minute began before the crash",
		async () => (await after.getApproval({ params: { id: half } })).status === "expired",
		90_000,
	);
	expect(await after.approve({ params: { id: waiting }, body: { plan_sha256: plan } })).toMatchObject({
		status: "approved",
	});
}, 180_000);
