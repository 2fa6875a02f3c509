import { afterAll, beforeAll, expect, test } from "vitest";
import { type StacksHost, startStacksHost } from "./stacks-host.ts";
import { failureOf } from "./start.ts";

let host: StacksHost;
let r1: string;
let r2: string;

beforeAll(async () => {
	host = await startStacksHost();
	r1 = host.addDevice("r1");
	r2 = host.addDevice("r2");
});
afterAll(() => host?.stop());

/** What the steps on each device are given, by its name. */
function inputs(run_id: string) {
	return Object.fromEntries((host.plans.get(run_id)?.targets ?? []).map(({ name, input }) => [name, input]));
}

test("a deployment is verified by the validation templates of its services, rendered per device; a plan shows the same, a removal has none", async () => {
	const check = await host.api.createTemplate({
		body: {
			name: "ntp/check",
			type: "validation",
			source: "ntp server {{ server }}\nno ntp server {{ device.name }}\n",
		},
	});
	const quiet = await host.api.createTemplate({
		body: {
			name: "quiet/check",
			type: "validation",
			source: "{% if device.name == 'r1' %}\nlogging on\n{% endif %}\n",
		},
	});
	const remove = await host.api.createTemplate({
		body: { name: "ntp/remove", type: "delete", source: "no ntp server {{ server }}\n" },
	});
	const links = { delete_template_id: remove.id };
	const add = (name: string, more: object) =>
		host.api.createTemplate({
			body: { name, source: "ntp server {{ server }}\nip domain-name x\n", ...links, ...more },
		});
	const targets = { all: true };
	const services = [
		{ name: "ntp", template_id: (await add("ntp", { validation_template_id: check.id })).id, targets },
		{ name: "quiet", template_id: (await add("quiet", { validation_template_id: quiet.id })).id, targets },
		{ name: "free", template_id: (await add("free", {})).id, targets },
	];
	await host.api.createStack({ body: { name: "ntp", services, variables: { server: "192.0.2.1" } } });
	const params = { id: "ntp" };
	const expected = {
		r1: {
			lines: expect.arrayContaining(["ip domain-name x"]),
			verify: {
				templates: ["ntp/check", "quiet/check"],
				lines: ["ntp server 192.0.2.1", "no ntp server r1", "logging on"],
			},
		},
		r2: {
			lines: expect.arrayContaining(["ip domain-name x"]),
			verify: { templates: ["ntp/check"], lines: ["ntp server 192.0.2.1", "no ntp server r2"] },
		},
	};
	const plan = await host.api.planStack({ params, body: {} });
	expect(inputs(plan.run_id)).toEqual(expected);
	const deploy = await host.api.deployStack({ params, body: {} });
	expect(inputs(deploy.run_id)).toEqual(expected);
	await host.runEnds(deploy.run_id, "failed");
	const removal = await expect
		.poll(() => host.api.removeStack({ params, body: {} }).catch(() => undefined))
		.toBeDefined()
		.then(() => [...host.plans.keys()].at(-1) ?? "");
	expect(Object.values(inputs(removal)).map((input) => input?.verify)).toEqual([undefined, undefined]);
});

test("nothing starts where a validation template cannot be rendered", async () => {
	const check = await host.api.createTemplate({
		body: { name: "bad/check", type: "validation", source: "{{ nobody_said }}\n" },
	});
	const { id: template_id } = await host.api.createTemplate({
		body: { name: "bad", source: "logging on\n", validation_template_id: check.id },
	});
	const services = [{ name: "bad", template_id, targets: { all: true } }];
	await host.api.createStack({ body: { name: "bad", services } });
	const started = host.plans.size;
	expect(await failureOf(host.api.deployStack({ params: { id: "bad" }, body: {} }))).toMatchObject({
		code: "stacks.not_rendered",
		message: expect.stringContaining("bad/check"),
	});
	expect(host.plans.size).toBe(started);
});

test("devices have their turn after those that their services depend on; taken away they go first", async () => {
	const { id: delete_template_id } = await host.api.createTemplate({
		body: { name: "line/remove", type: "delete", source: "no logging host {{ device.name }}\n" },
	});
	const { id: template_id } = await host.api.createTemplate({
		body: { name: "line", source: "logging host {{ device.name }}\n", delete_template_id },
	});
	const on = (device_id: string) => ({ template_id, targets: { device_ids: [device_id] } });
	const services = [
		{ name: "clients", ...on(r1), depends_on: ["servers"] },
		{ name: "servers", ...on(r2) },
	];
	await host.api.createStack({ body: { name: "order", services } });
	const params = { id: "order" };
	const waves = (run_id: string) =>
		Object.fromEntries((host.plans.get(run_id)?.targets ?? []).map(({ name, wave }) => [name, wave]));
	expect(waves((await host.api.planStack({ params, body: {} })).run_id)).toEqual({ r2: 0, r1: 1 });
	const alone = await host.api.planStack({ params, body: { device_ids: [r1] } });
	expect(waves(alone.run_id)).toEqual({ r1: 0 });
	expect(waves((await host.api.removeStack({ params, body: {} })).run_id)).toEqual({ r1: 0, r2: 1 });
});
