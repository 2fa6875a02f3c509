import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostileDevice, startHostileDevice } from "@netconductor/lab/hostile-device";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults, launchBrowser } from "../browser.ts";
import { openEngineDoor } from "../engine-door.ts";
import { openPage } from "../open-page.ts";
import { addFleet, adminPassword, type Clients, eventually, type Product, runEnded, startProduct } from "../product.ts";

/** Every page, filled with what a hostile device or colleague would write: nothing runs, everybody can read it, on every screen. */

const mark = "Angriff7";
const evil = `${mark}"'><img src=x onerror=globalThis.owned=1><script>globalThis.owned=1</script>`;
const nobody = "00000000-0000-7000-8000-000000000001";
const evilLink = `javascript:globalThis.owned=1//${mark}`;
const config = (more: string) =>
	`version 15.1\r\nhostname r1\r\n! ${evil}\r\ninterface Gi0/1\r\n description ${evil}\r\n ${evilLink}\r\n${more}end\r\n`;

let product: Product;
let fleet: Fleet;
let device: HostileDevice;
let api: Clients;
let browser: Browser;
let addresses: string[];

beforeAll(async () => {
	[product, fleet, device, browser] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }, mkdtempSync(join(tmpdir(), "netconductor-e2e-"))),
		startFleet({ devices: { count: 3, platforms: ["cisco_ios", "juniper_junos"] } }),
		startHostileDevice(`${evil}\r\n`),
		launchBrowser(),
	]);
	api = product.as(product.admin_token);
	await addFleet(api, fleet);
	device.answer("show running-config", config(""));
	device.answer(
		"show version",
		`Cisco IOS Software, C2900 Software, Version ${evil}, RELEASE\r\nr1 uptime is ${evil}\r\n`,
	);
	addresses = [...(await fill()), ...(await fillApprovals()), ...(await fillProcedureRuns())];
}, 180_000);
afterAll(async () => {
	await browser?.close();
	await Promise.all([product?.dispose(), fleet?.stop(), device?.stop()]);
});

/** Puts harmful text wherever text goes, and answers the address of every kind of page with something on it. */
async function fill(): Promise<string[]> {
	const { host, port, username, password } = device;
	const group = await api.devices.createGroup({ body: { name: "Edge", description: evil } });
	const credential = await api.devices.createCredential({ body: { name: evil, username: evil, password } });
	const { id: device_id } = await api.devices.createDevice({
		body: {
			...{ name: "r1", host, port, device_type: "cisco_ios", username, password },
			...{ site: evil, description: evil, groups: ["Edge"] },
		},
	});
	await api.devices.putOverride({
		params: { id: device_id },
		body: { disabled_reason: evil, timeouts: { command_ms: 20_000 } },
	});
	await api.auth.createRole({ body: { name: "evil", label: evil, description: evil, permissions: [] } });
	const program = await api.auth.createServiceAccount({
		body: { name: "every-page-bot", role: "viewer", description: evil },
	});
	await api.auth.createServiceAccountToken({ params: { id: program.id }, body: { name: evil } });
	const user = await api.auth.createUser({
		body: { username: "mallory", display_name: evil, role: "viewer", password: adminPassword },
	});
	await api.auth.createToken({ body: { name: evil, permissions: ["devices:read"] } });
	const role_map = [{ group: evil, role: "evil" }];
	await api.auth.createLoginMethod({
		body: {
			...{ kind: "ldap", name: "evil-directory", secret: evil },
			config: { servers: ["ldaps://127.0.0.1:1"], bind_dn: evil, user_base: evil, role_map },
		},
	});
	await api.auth.createLoginMethod({
		body: {
			...{ kind: "oidc", name: "evil-provider", enabled: true },
			config: {
				...{ issuer: `https://127.0.0.1:1/${mark}?<img src=x onerror=globalThis.owned=1>`, client_id: evil, role_map },
				...{ redirect_uri: `${product.url}/sign-in/callback`, button: evil.slice(0, 60) },
			},
		},
	});
	await api.auth.createView({ body: { page: "devices", name: evil.slice(0, 60), search: `q=${mark}`, shared: true } });
	await api.auth.updateSettings({ body: { login_banner: evil } });
	const { definition } = await api.devices.getDeviceType({ params: { id: "generic_cli" } });
	await api.devices.createDeviceType({
		body: {
			...definition,
			id: "evil",
			label: evil.slice(0, 100),
			vendor: mark,
			volatile: [`^${mark}`],
			logout: evil.slice(0, 100),
		},
	});
	await api.devices.updateCredential({ params: { id: credential.id }, body: { name: `${evil} changed` } });
	const record = await eventually("the change is in the trail", async () => {
		return (await api.audit.listAudit({ query: { operation: "updateCredential" } })).items[0];
	});

	const template = await api.config.createTemplate({
		body: { name: `${mark}/leaf.j2`, description: evil, source: `! ${evil}\n{{ x }}\n`, type: "partial", note: evil },
	});
	await api.config.updateTemplate({
		params: { id: template.id },
		body: { version: 1, source: `! ${evil} again\n{{ x | default(1) }}\n`, note: evil },
	});
	await api.config.createTemplate({ body: { name: "x".repeat(100), source: `{% include "${template.name}" %}` } });

	const service = await api.config.createTemplate({
		body: { name: `${mark}/location`, source: "snmp-server location {{ place }}\n" },
	});
	const [simulated] = fleet.devices.filter(({ platform }) => platform === "cisco_ios");
	const stack = await api.config.createStack({
		body: {
			...{ name: mark, description: evil, variables: { place: evil.replaceAll(/[\r\n]/g, "") } },
			services: [
				{
					name: "location",
					template_id: service.id,
					targets: { names: [simulated?.name ?? ""], tags: [evil.slice(0, 64)] },
				},
				{ name: "again", template_id: service.id, targets: { names: ["r1"] }, variables: { [evil]: [evil] } },
			],
			device_variables: { [device_id]: { [evil]: { [evil]: evil } } },
			checks: [{ name: evil.slice(0, 100), command: "show version", expect: mark, within_s: 0 }],
		},
	});
	const stackTemplate = await api.config.createStackTemplate({
		body: {
			...{ name: mark, description: evil, variables: { [evil]: evil } },
			services: [{ name: "location", template_id: service.id, targets: { tags: [evil.slice(0, 64)] } }],
			parameters: [{ name: "said", description: evil, default: evil, choices: [evil] }],
			pre_checks: [{ name: evil.slice(0, 100), command: "show version", expect: mark }],
		},
	});
	const planned = await api.config.planStack({ params: { id: stack.id }, body: {} });
	await runEnded(api, planned.run_id);
	const deployed = await api.config.deployStack({ params: { id: stack.id }, body: { reason: evil } });

	await api.config.createStepType({
		body: {
			...{ type: "evil_step", label: evil.slice(0, 100), description: evil, base: "log", preset: { message: evil } },
			parameters: { said: { description: evil, default: evil, choices: [evil] } },
		},
	});
	const procedure = (more: string) =>
		JSON.stringify({
			...{ name: mark, description: evil, targets: { names: ["r1"] } },
			variables: { said: evil, asked: { description: evil, default: evil, choices: [evil] } },
			steps: [
				{ id: "look", name: evil, type: "run_command", with: { commands: ["show version"] }, save_to_variable: "seen" },
				{ id: "say", name: `${evil}${more}`, type: "log", with: { message: `${evil} {{ said }}` } },
				{ id: "own", type: "evil_step", with: {} },
			],
		});
	const mop = await api.config.createMop({ body: { source: procedure(""), note: evil } });
	await api.config.updateMop({
		params: { id: mop.id },
		body: { source: procedure(" again"), version: 1, note: evil },
	});
	const carried = await api.config.executeMop({ params: { id: mop.id }, body: { reason: evil } });

	const schedule = await api.scheduling.createSchedule({
		body: {
			...{ name: evil, description: evil, kind: "backup", params: { select: { tags: [evil.slice(0, 64)] } } },
			timing: { type: "interval", every_minutes: 60 },
		},
	});
	await api.scheduling.createCalendar({
		body: {
			...{ name: evil, description: evil, kind: "freeze", time_zone: "UTC" },
			recurring: [{ timing: { type: "daily", times: ["00:00"] }, duration_minutes: 60 }],
		},
	});
	await api.scheduling.runScheduleNow({ params: { id: schedule.id } });

	const ended = async (run_id: string) => (await runEnded(api, run_id)).id;
	const tested = await ended((await api.devices.testDevice({ params: { id: device_id } })).run_id);
	const first = await api.backup.runAll({ body: { name: evil } });
	await ended(first.run_id);
	device.answer("show running-config", config(`ntp server 192.0.2.9 ${mark}\r\n`));
	const second = await api.backup.runAll({ body: { name: `${mark} after` } });
	await ended(second.run_id);
	const [newer, older] = (await api.backup.listBackups({ query: { device_id, status: "succeeded" } })).items;
	await api.backup.updateSnapshot({ params: { id: second.snapshot_id ?? "" }, body: { description: evil } });
	device.answer("show running-config", `% Invalid input detected: ${evil}\r\n`);
	const failed = await ended((await api.backup.runSingle({ body: { device_id } })).run_id);

	const compare = `/backups/compare?from=${older?.id}&to=${newer?.id}`;
	return [
		"/",
		"/devices",
		"/devices/import",
		`/devices/${device_id}`,
		"/groups",
		`/groups/${group.id}`,
		"/credentials",
		`/credentials?q=${mark}`,
		`/credentials?credential=${credential.id}`,
		`/devices?credential_id=${credential.id}`,
		"/device-types",
		"/device-types/cisco_ios",
		"/device-types/evil",
		"/device-types/evil/edit",
		"/add-device-type?from=evil",
		"/templates",
		`/templates/${template.id}?device=${device_id}`,
		`/templates/${template.id}?tab=versions&versions=1,2`,
		`/templates/${nobody}`,
		"/stacks",
		`/stacks/${stack.id}`,
		`/stacks/${stack.id}?tab=rendered&action=delete`,
		`/stacks/${stack.id}?tab=instances`,
		"/service-instances",
		"/stack-templates",
		`/stack-templates/${stackTemplate.id}`,
		`/stack-templates/${stackTemplate.id}?tab=edit`,
		`/stack-templates/${stackTemplate.id}?tab=stacks`,
		`/stack-templates/${nobody}`,
		`/stacks/${nobody}`,
		"/mops",
		"/mops/new?from=change",
		`/mops/new?from=${mop.id}&at=steps.1`,
		`/mops/new?from=${mop.id}&at=head`,
		`/mops/${mop.id}`,
		`/mops/${mop.id}?view=yaml`,
		`/mops/${mop.id}?tab=dry-run`,
		`/mops/${mop.id}?tab=runs`,
		`/mops/${mop.id}?tab=versions&versions=1,2`,
		`/mops/${nobody}`,
		"/step-types",
		"/step-types?type=evil_step",
		`/runs/${carried.run_id}`,
		`/runs/${planned.run_id}`,
		`/runs/${deployed.run_id}`,
		"/backups",
		"/backups/compare",
		compare,
		`${compare}&view=unified`,
		`${compare}&mode=section`,
		"/search",
		`/search?q=${mark}`,
		"/snapshots",
		`/snapshots/${second.snapshot_id}`,
		"/snapshots?tab=matrix",
		`/snapshots/compare?from=${first.snapshot_id}&to=${second.snapshot_id}`,
		"/backups/coverage",
		"/schedule",
		"/schedules",
		`/schedules/${schedule.id}`,
		`/schedules/${nobody}`,
		"/runs",
		`/runs/${tested}`,
		`/runs/${first.run_id}`,
		`/runs/${failed}`,
		"/workers",
		"/users",
		`/users/${user.id}`,
		"/service-accounts",
		`/service-accounts/${program.id}`,
		"/roles",
		"/sign-in-methods",
		"/sign-in/callback",
		"/sign-in/done",
		"/sessions",
		"/tokens",
		"/audit",
		`/audit?record=${record.id}`,
		"/settings",
		"/about",
		`/devices/${nobody}`,
		`/runs/${nobody}`,
		`/snapshots/${nobody}`,
		"/no-such-page",
	];
}

/** An approval that waits, one that was bypassed, and a policy. */
async function fillApprovals(): Promise<string[]> {
	const engine = await openEngineDoor(product);
	const plan_sha256 = "ab".repeat(32);
	const ask = async () => {
		const run_id = randomUUID();
		const asked = await engine.alerts.requestApproval({
			body: {
				...{ key: run_id, run_id, kind: "deploy", title: evil, plan_sha256, reason: `${evil}\n${evilLink}` },
				requested_by: { kind: "user", id: randomUUID(), name: evil, permissions: [] },
				devices: [{ device_id: randomUUID(), name: evil, groups: [evil] }],
				risk_facts: {
					writes: true,
					without_rollback: [evil],
					dangerous_commands: [{ device: evil, command: evil, why: evil }],
				},
			},
		});
		return asked.needed ? asked.approval_id : "";
	};
	await api.alerts.createApprovalPolicy({
		body: {
			name: evil.slice(0, 100),
			description: evil,
			groups: [evil.slice(0, 100)],
			stages: [{ name: evil.slice(0, 100) }],
		},
	});
	const [waiting, bypassed] = [await ask(), await ask()];
	await api.alerts.bypass({ params: { id: bypassed }, body: { plan_sha256, reason: evil } });
	await engine.close();
	return [
		"/approvals",
		`/approvals/${waiting}`,
		`/approvals/${bypassed}`,
		"/approvals/policies",
		"/approvals/policies?kind=deploy&devices=2&commands=reload",
		`/approvals/${nobody}`,
	];
}

/** A procedure that waits for a decision, and one that was stopped by one. */
async function fillProcedureRuns(): Promise<string[]> {
	const steps = [
		{ id: "say", name: evil, type: "log", with: { message: `${evil}\n${evil}` }, save_to_variable: "said" },
		{
			...{ id: "rounds", type: "loop", with: { items: [evil, evilLink] } },
			steps: [{ id: "tell", type: "log", with: { message: "{{ item }}" } }],
		},
		{
			...{ id: "check", name: evil, type: "wait_until", when: `"${mark}" != ""`, on_failure: "ask" },
			with: { condition: `said.message == "${mark}"`, every_s: 1, timeout_s: 1 },
		},
	];
	const name = `${mark} run`;
	await api.config.createMop({ body: { source: JSON.stringify({ name, description: evil, steps }) } });
	const waitingRun = async () => {
		const { run_id } = await api.config.executeMop({ params: { id: name }, body: { reason: evil } });
		await eventually("it waits for a decision", async () => {
			return (await api.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === "decision";
		});
		return run_id;
	};
	const [waiting, stopped] = [await waitingRun(), await waitingRun()];
	const { items } = await api.tasks.listRunSteps({ params: { id: stopped }, query: {} });
	const step_id = items.find(({ path }) => path === "check")?.id ?? "";
	await api.tasks.overrideStep({ params: { id: stopped, step_id }, body: { action: "stop", reason: evil } });
	await runEnded(api, stopped);
	return [`/runs/${waiting}?step=say:1`, `/runs/${waiting}?step=rounds:1/2/tell:1`, `/runs/${stopped}?step=check:1`];
}

async function signedIn(context: BrowserContext, misdeeds: string[]): Promise<Page> {
	const page = await openPage(context, misdeeds);
	await page.goto(`${product.url}/login`);
	await page.getByText(mark).first().waitFor();
	await page.getByLabel("User name").fill("admin");
	await page.locator('input[name="password"]').fill(adminPassword);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL((address) => address.pathname !== "/login");
	return page;
}

/** Waits until nothing on the page says any more that it is being read. */
async function settled(page: Page): Promise<void> {
	await page.locator("main h1").first().waitFor();
	await page.locator("[aria-busy=true], [aria-label=Loading]").first().waitFor({ state: "detached" });
}

/** Resolves when the app shows the page of this address: its heading may be the same element as the last one's. */
async function goWithin(page: Page, address: string): Promise<void> {
	await page.evaluate(`(async () => {
		const router = globalThis.__TSR_ROUTER__;
		router.history.push(${JSON.stringify(address)});
		await router.load();
	})()`);
	await page.waitForFunction(`(() => {
		const { status, location, resolvedLocation } = globalThis.__TSR_ROUTER__.state;
		return status === "idle" && resolvedLocation?.href === location.href;
	})()`);
}

/** The page with each of its tabs in turn: loaded anew, or gone to within the app that is open, as links do. */
async function* views(page: Page, address: string, loaded: boolean, walked: Set<string>): AsyncGenerator<string> {
	if (loaded) await page.goto(`${product.url}${address}`);
	else await goWithin(page, address);
	await settled(page);
	yield address;
	// Whatever else an address says, its page has the same tabs.
	const [path = ""] = address.split("?");
	if (walked.has(path)) return;
	walked.add(path);
	const tabs = page.locator("main").getByRole("tab");
	for (let index = 1; index < (await tabs.count()); index++) {
		await tabs.nth(index).click();
		await settled(page);
		yield `${address} ${await tabs.nth(index).textContent()}`;
	}
}

async function harmDone(page: Page): Promise<unknown[]> {
	const injected = "img[src='x'], svg[onload], main script, [onerror], a[href^='javascript']";
	const [owned, elements] = await Promise.all([page.evaluate("globalThis.owned"), page.locator(injected).count()]);
	return [
		...(owned === undefined ? [] : ["a script ran"]),
		...(elements === 0 ? [] : [`${elements} elements made of text`]),
	];
}

describe.each([
	{ colours: "light", width: 1440, loaded: true },
	{ colours: "dark", width: 390, loaded: false },
] as const)("in $colours, $width pixels wide", ({ colours, width, loaded }) => {
	let context: BrowserContext;
	let page: Page;
	const misdeeds: string[] = [];
	beforeAll(async () => {
		context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: colours });
		page = await signedIn(context, misdeeds);
	}, 60_000);
	afterAll(() => context?.close());

	test("every page shows hostile text as text, fits the screen and can be used by everybody", async () => {
		const faults: Record<string, unknown> = {};
		const walked = new Set<string>();
		let marked = 0;
		for (const address of addresses) {
			const failed = (error: Error) => {
				faults[`${address} to the end`] = error.message.split("\n", 1)[0];
			};
			await inspect(address).catch(failed);
		}
		expect(faults).toEqual({});
		expect(marked).toBeGreaterThan(25);

		async function inspect(address: string): Promise<void> {
			for await (const view of views(page, address, loaded, walked)) {
				if ((await page.locator("main").textContent())?.includes(mark)) marked += 1;
				const wider: number = await page.evaluate(
					"document.documentElement.scrollWidth - document.documentElement.clientWidth",
				);
				const found = [
					...(await harmDone(page)),
					...(await accessibilityFaults(page)),
					...(wider > 0 ? [`${wider} pixels wider than the screen`] : []),
					...misdeeds.splice(0),
				];
				if (found.length > 0) faults[view] = found;
			}
		}
	}, 400_000);

	test("no page of the menu was left out", async () => {
		await page.goto(`${product.url}/`);
		await settled(page);
		const offered = await page
			.getByRole("navigation", { name: "Main" })
			.locator("a[href^='/']")
			.evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
		expect(offered.length).toBeGreaterThan(12);
		expect(offered.filter((href) => !href.startsWith("/api/") && !addresses.includes(href))).toEqual([]);
	});
});
