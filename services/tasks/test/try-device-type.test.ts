import type { PlatformInput } from "@netconductor/contracts/devices/platform";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { actorWith, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tasksService } from "../src/service.ts";

let host: TestHost;
beforeAll(async () => {
	host = await startTestHost({ services: [tasksService] });
});
afterAll(() => host?.stop());

const transcript = "r1#show running-config\nhostname r1\nsnmp-server community canary RO\nend\nr1#";
const definition: PlatformInput = {
	id: "acme_os",
	label: "Acme OS",
	prompt: { exec: "^[\\w-]+#$" },
	config: { commands: ["show running-config"] },
	secrets: ["^snmp-server community (\\S+)"],
};
const attempt = (body: object, permission = "devices:read") =>
	host.client(tasksApi, actorWith(permission)).tryDeviceType({ body: body as never });
const codeOf = (call: Promise<unknown>) =>
	call.then(
		() => "it was answered",
		(error: { code?: string }) => error.code,
	);

test("a definition that somebody is writing reads a transcript as a built-in one does", async () => {
	const config = { text: "hostname r1\nsnmp-server community <secret> RO\nend\n", masked_lines: 1 };
	expect(await attempt({ definition, transcript })).toMatchObject({ label: "Acme OS", config });
	const ios = builtInPlatforms.find(({ id }) => id === "cisco_ios");
	expect(await attempt({ definition: ios, transcript })).toMatchObject({
		label: "Cisco IOS and IOS-XE",
		config,
	});
});

test("what cannot be tried is refused by its place, and only who may read devices may try", async () => {
	expect(await codeOf(attempt({ transcript }))).toBe("request.invalid");
	expect(await codeOf(attempt({ definition }))).toBe("request.invalid");
	expect(await codeOf(attempt({ definition, transcript: "x".repeat(2 * 1024 * 1024 + 1) }))).toBe("request.too_large");
	expect(await codeOf(attempt({ definition, transcript }, "backups:read"))).toBe("auth.forbidden");
	const bad = { ...definition, secrets: ["(?=x)"] };
	await expect(attempt({ definition: bad, transcript })).rejects.toMatchObject({
		code: "device_types.bad_pattern",
		errors: [{ path: "body.definition.secrets.0" }],
	});
});

test("patterns that would take minutes are given up, and others are served meanwhile", async () => {
	const heavy = { ...definition, volatile: [`(a)${"(?:.?){1000}".repeat(9)}`] };
	const long = `r1#show running-config\n${"ab ".repeat(500_000)}\nr1#`;
	let ended = false;
	const slow = codeOf(attempt({ definition: heavy, transcript: long })).finally(() => {
		ended = true;
	});
	await host.client(tasksApi).listRuns({ query: {} });
	expect(ended).toBe(false);
	expect(await slow).toBe("device_types.try_too_slow");
	expect(await attempt({ definition, transcript })).toMatchObject({ label: "Acme OS" });
}, 30_000);
