import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type Clients, type Product, startProduct } from "./product.ts";

/** Templates on the command line, against the real server. */

let product: Product;
let api: Clients;
let cli: Cli;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-templates-"));
	product = await startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" });
	api = product.as(product.admin_token);
	cli = createCli(product);
}, 120_000);

afterAll(async () => {
	await product?.dispose();
	rmSync(folder, { recursive: true, force: true });
});

function fileWith(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

test("a template is added from a file, changed, compared, restored and deleted", async () => {
	const source = fileWith("ntp.j2", "ntp server {{ ntp }}\n");
	expect(await cli.run(["templates", "create", "base/ntp.j2", "--file", source, "--tag", "base"])).toMatchObject({
		code: 0,
		stdout: "Added the template base/ntp.j2.\n",
	});
	const changed = fileWith("ntp.j2", "ntp server {{ ntp }} iburst\n");
	expect(await cli.run(["templates", "edit", "base/ntp.j2", "--file", changed, "--note", "faster"])).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("version 2"),
	});
	expect(await cli.run(["templates", "edit", "base/ntp.j2", "--file", changed, "--base", "1"])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("admin changed base/ntp.j2"),
	});
	expect(await cli.run(["templates", "diff", "base/ntp.j2", "--exit-code"])).toMatchObject({
		code: 1,
		stdout: expect.stringContaining("-ntp server {{ ntp }}\n+ntp server {{ ntp }} iburst\n"),
	});
	expect(await cli.run(["templates", "restore", "BASE/NTP.j2", "1"])).toMatchObject({ code: 0 });
	expect((await cli.run(["templates", "show", "base/ntp.j2", "--source"])).stdout).toBe("ntp server {{ ntp }}\n");
	expect(await cli.json(["templates", "versions", "base/ntp.j2"])).toMatchObject({
		items: [{ version: 3, restored_from: 1 }, { version: 2, note: "faster" }, { version: 1 }],
	});
	expect(await cli.run(["templates", "delete", "base/ntp.j2"])).toMatchObject({ code: 2 });
	expect(await cli.run(["templates", "delete", "base/ntp.j2", "--yes"])).toMatchObject({ code: 0 });
	expect(await cli.json(["templates", "list"])).toMatchObject({ items: [] });
});

test("a template is rendered with a file of variables, single ones and a device, those given last winning", async () => {
	await api.devices.createDevice({
		body: { name: "leaf-1", host: "192.0.2.1", device_type: "arista_eos", site: "ber" },
	});
	const text = "{{ device.name }} {{ device.vendor }} {{ vlans | join(',') }} {{ mtu + 1 }} {{ note }}\n";
	await api.config.createTemplate({ body: { name: "leaf", source: text } });
	const vars = fileWith("vars.yml", "# as people write them\nvlans: [1, 2]\nmtu: 1500\nnote: file\n");
	const rendered = await cli.run([
		...["templates", "render", "leaf", "--vars", vars, "--var", "mtu=9000", "--var", "note=a b"],
		...["--device", "leaf-1"],
	]);
	expect(rendered).toMatchObject({ code: 0, stdout: "leaf-1 Arista 1,2 9001 a b\n", stderr: "" });

	const { code, stderr } = await cli.run(["templates", "render", "leaf", "--device", "leaf-1", "--json"]);
	expect(code).toBe(1);
	expect(JSON.parse(stderr)).toMatchObject({
		code: "template.undefined_variable",
		details: { template: "leaf", line: 1, variable: "vlans" },
	});
});

test("a file of variables that cannot be read is said with its line, and one that grows without end is refused", async () => {
	const render = (text: string) => cli.run(["templates", "render", "leaf", "--vars", fileWith("bad.yml", text)]);
	expect(await render("a: 1\nb: [\n")).toMatchObject({ code: 2, stderr: expect.stringMatching(/bad\.yml.*line \d/) });
	expect(await render("- 1\n")).toMatchObject({ code: 2, stderr: expect.stringContaining("no mapping") });
	const grown = Array.from(
		{ length: 12 },
		(_, n) => `k${n}: &k${n} [${Array(9).fill(n === 0 ? "x" : `*k${n - 1}`)}]\n`,
	);
	expect(await render(grown.join(""))).toMatchObject({ code: 2 });
});

test("the variables of a template are listed with their shapes and keys", async () => {
	const source = "{% for peer in bgp.peers %}{{ peer.address }}{% endfor %}{{ bgp.asn }}{{ mtu | default(1500) }}";
	await api.config.createTemplate({ body: { name: "bgp", source } });
	const { stdout } = await cli.run(["templates", "variables", "bgp"]);
	const rows = stdout
		.trim()
		.split("\n")
		.slice(1)
		.map((line) => line.split(/\s+/).slice(0, 3).join(" "));
	expect(rows).toEqual([
		"bgp mapping yes",
		"bgp.peers list yes",
		"bgp.peers[].address scalar yes",
		"bgp.asn scalar yes",
		"mtu scalar no",
	]);
});

test("a source that cannot be read is refused with its line", async () => {
	const file = fileWith("broken.j2", "one\n{% for %}\n");
	expect(await cli.run(["templates", "create", "broken", "--file", file])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("Line 2 of broken"),
	});
});
