import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addFleet, type Clients, eventually, type Product, runEnded, startProduct } from "./product.ts";

/** A procedure that deploys a stack, waits for people and tells another system, over the death of everything. */

let product: Product;
let fleet: FleetProcess;
let server: Server;
const told: { headers: IncomingHttpHeaders; body: string }[] = [];

const source = (url: string) => `name: Bring up the sink
variables:
  hook_secret: { secret: true, required: true }
steps:
  - id: deploy
    type: deploy_stack
    with: { stack: sink }
    save_to_variable: deployed
  - id: look
    name: Traffic has moved
    type: manual_approval
    with: { message: "{{ deployed.counts.succeeded }} operations went well. Go on?" }
    save_to_variable: looked
  - id: tell
    type: webhook
    with: { url: "${url}", payload: { run: "{{ deployed.run_id }}" }, secret: "{{ hook_secret }}" }
  - id: end
    type: log
    with: { message: "Approved by {{ looked.approved_by | join(', ') }}" }
`;

async function person(username: string, role: string): Promise<Clients> {
	const password = `${username} has a long password`;
	await product.as(product.admin_token).auth.createUser({
		body: { username, password, role, must_change_password: false },
	});
	return product.as(await product.login(username, password));
}

beforeAll(async () => {
	server = createServer((request, response) => {
		let body = "";
		request.setEncoding("utf8");
		request.on("data", (text: string) => {
			body += text;
		});
		request.on("end", () => {
			told.push({ headers: request.headers, body });
			response.end();
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
	[product, fleet] = await Promise.all([
		startProduct({ NETCONDUCTOR_OUTBOUND_ALLOW: "127.0.0.1", NETCONDUCTOR_WORKERS_LEASE_MS: "3000" }),
		startFleetProcess({ devices: { count: 2, platforms: ["cisco_ios"] } }),
	]);
	await addFleet(product.as(product.admin_token), fleet);
}, 120_000);
afterAll(async () => {
	await Promise.all([product?.dispose(), fleet?.stop()]);
	server?.close();
});

const hashOf = (clients: Clients, id: string) =>
	clients.alerts.getApproval({ params: { id } }).then(({ plan_sha256 }) => plan_sha256);

/** The approval that a run waits for. */
function waiting(clients: Clients, run_id: string): Promise<string> {
	return eventually(`run ${run_id} waits for approval`, async () => {
		const { waiting_for } = await clients.tasks.getRun({ params: { id: run_id } });
		return (waiting_for?.kind === "approval" && waiting_for.approval_id) || undefined;
	});
}

test("a procedure deploys a stack under its own approval, asks for another one, survives a kill and tells another system once", async () => {
	const [ana, bob] = [await person("ana", "manager"), await person("bob", "operator")];
	const { id } = await ana.config.createTemplate({
		body: { name: "sink", source: "ip route 203.0.113.0 255.255.255.0 Null0 name sink\n" },
	});
	await ana.config.createStack({
		body: {
			name: "sink",
			services: [{ name: "route", template_id: id, targets: { all: true } }],
			confirm_within_s: 60,
		},
	});
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
	const mop = await ana.config.createMop({ body: { source: source(url) } });
	const { run_id } = await ana.config.executeMop({
		params: { id: mop.id },
		body: { variables: { hook_secret: "s3cret-of-the-hook" }, reason: "Night work" },
	});

	// It tells another system, which may act on that: that needs an approval.
	const start = await waiting(bob, run_id);
	await bob.alerts.approve({ params: { id: start }, body: { plan_sha256: await hashOf(bob, start) } });
	const deployment = await eventually("the stack's run", async () => {
		const { waiting_for } = await ana.tasks.getRun({ params: { id: run_id } });
		return waiting_for?.kind === "run" ? waiting_for.run_id : undefined;
	});
	const first = await waiting(bob, deployment);
	await bob.alerts.approve({ params: { id: first }, body: { plan_sha256: await hashOf(bob, first) } });
	expect((await runEnded(ana, deployment)).status).toBe("succeeded");
	for (const { name } of fleet.devices) expect(await fleet.config(name)).toContain("ip route 203.0.113.0");

	const second = await eventually("the step's approval", async () => {
		const id = await waiting(bob, run_id);
		return id === start ? undefined : id;
	});
	await product.kill();
	await product.restart();
	const seen = await bob.alerts.getApproval({ params: { id: second } });
	expect(seen).toMatchObject({ status: "waiting", run_id, title: expect.stringContaining("Traffic has moved") });
	expect(seen.reason).toMatch(/^\d+ operations went well\. Go on\?$/);
	const { plan_sha256 } = seen;
	await expect(ana.alerts.approve({ params: { id: second }, body: { plan_sha256 } })).rejects.toMatchObject({
		problem: { code: "approvals.own_request" },
	});
	await bob.alerts.approve({ params: { id: second }, body: { plan_sha256 } });
	expect((await runEnded(ana, run_id)).status).toBe("succeeded");

	const { items } = await ana.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	expect(items.map(({ path, status }) => `${path} ${status}`)).toEqual([
		"deploy succeeded",
		"look succeeded",
		"tell succeeded",
		"end succeeded",
	]);
	expect(items.at(-1)?.result).toMatchObject({ message: "Approved by bob" });
	expect(told).toHaveLength(1);
	expect(JSON.parse(told[0]?.body ?? "")).toEqual({ run: deployment });
	expect(told[0]?.headers["x-netconductor-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
	expect(JSON.stringify(items) + product.output()).not.toContain("s3cret-of-the-hook");
}, 180_000);
