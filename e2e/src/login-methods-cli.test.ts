import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabDirectory, startDirectory } from "@netconductor/lab/slapd";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, createCli } from "./cli.ts";
import { type Product, startProduct } from "./product.ts";

/** Ways to sign in at the command line: from their files to somebody of a real OpenLDAP who signs in. */

let product: Product;
let directory: LabDirectory;
let folder: string;
let cli: Cli;
let file: string;

const indented = (pem: string) => pem.trim().replaceAll(/^/gm, "      ");

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-login-methods-"));
	const ldif = readFileSync(new URL("../../services/auth/test/people.ldif", import.meta.url), "utf8");
	[product, directory] = await Promise.all([
		startProduct({ NETCONDUCTOR_WORKERS_PROCESSES: "1" }),
		startDirectory({ dir: folder, ldif }),
	]);
	cli = createCli(product);
	file = join(folder, "corp.yaml");
	writeFileSync(
		file,
		`# the directory of the company
name: corp
kind: ldap
config:
  servers: [${directory.url}]
  ca_certificates: |
${indented(directory.ca_certificate)}
  bind_dn: cn=finder,dc=example,dc=com
  user_base: ou=people,dc=example,dc=com
  group_base: ou=groups,dc=example,dc=com
  nested_groups: follow
  role_map:
    - { group: operators, role: operator }
`,
	);
}, 120_000);
afterAll(async () => {
	await Promise.all([product?.dispose(), directory?.stop()]);
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const signIn = (username: string) =>
	cli.run(["login", "--username", username, "--password-stdin", "--json"], `${username} secret\n`);

test("a directory is added from its file switched off, tested step by step, and switched on", async () => {
	expect((await cli.run(["login-methods", "list"])).stdout).toBe("Only local users sign in.\n");
	const added = await cli.run(["login-methods", "add", file, "--secret-stdin"], "finder secret\n");
	expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining("login-methods test corp") });
	expect(await signIn("alice")).toMatchObject({ code: 3 });

	const tried = ["login-methods", "test", "corp", "--username", "alice", "--password-stdin"];
	const passed = await cli.run(tried, "alice secret\n");
	expect(passed.code).toBe(0);
	expect(passed.stdout).toMatch(/^passed {3}connect .*\n(.*\n)*passed {3}role +operator \(\d+ ms\)\n6 steps\.\n$/);
	const failed = await cli.run([...tried, "--json"], "not hers\n");
	expect(failed.code).toBe(1);
	expect(JSON.parse(failed.stdout)).toMatchObject({ passed: false, steps: expect.any(Array) });
	expect(JSON.parse(failed.stderr)).toMatchObject({
		code: "cli.not_passed",
		detail: expect.stringContaining("password"),
	});

	expect(await cli.run(["login-methods", "enable", "corp"])).toMatchObject({
		code: 0,
		stdout: "People can sign in by corp now.\n",
	});
	expect(await signIn("alice")).toMatchObject({ code: 0 });
	expect(await cli.json(["login-methods", "list"])).toMatchObject({
		items: [{ name: "corp", enabled: true, users: 1, has_secret: true }],
	});
});

test("what is shown and exported can be edited and given back, and never holds the secret", async () => {
	const shown = await cli.run(["login-methods", "show", "CORP"]);
	const { stdout: exported } = await cli.run(["login-methods", "export", "corp"]);
	expect(shown.stdout).toContain(exported);
	expect(shown.stdout).toMatch(/Secret +stored/);
	expect(shown.stdout).not.toContain("finder secret");
	writeFileSync(file, exported.replace("timeout_ms: 5000", "timeout_ms: 6000"));
	expect(await cli.json(["login-methods", "edit", "corp", file])).toMatchObject({ config: { timeout_ms: 6_000 } });
	expect(await signIn("alice")).toMatchObject({ code: 0 });
});

test("files that are no way to sign in, or hold the secret, are refused with what is wrong", async () => {
	const refused = async (text: string, ...more: string[]) => {
		const path = join(folder, "wrong.yaml");
		writeFileSync(path, text);
		return cli.run(["login-methods", "add", path, ...more]);
	};
	const leaky = await refused("name: leaky\nkind: ldap\nsecret: hunter2\n");
	expect(leaky).toMatchObject({ code: 2, stderr: expect.stringContaining("--secret-stdin") });
	expect(leaky.stderr).not.toContain("hunter2");
	expect(await refused("- a list\n")).toMatchObject({ code: 2, stderr: expect.stringContaining("no mapping") });
	expect(await refused("name: sso\nkind: oidc\nconfig: { issuer: nowhere }\n")).toMatchObject({
		code: 2,
		stderr: expect.stringContaining("issuer"),
	});
	expect(await refused("name: x\nkind: carrier-pigeon\n")).toMatchObject({ code: 2 });
	expect(await cli.json(["login-methods", "list"])).toMatchObject({ items: [{ name: "corp" }] });
});

test("they are put in order, switched off and deleted once nobody signs in by them", async () => {
	writeFileSync(
		file,
		"name: sso\nkind: oidc\nconfig: { issuer: https://id.example.com, client_id: x, redirect_uri: https://nc.example.com/sign-in/callback }\n",
	);
	await cli.json(["login-methods", "add", file]);
	expect(await cli.json(["login-methods", "order", "sso", "corp"])).toMatchObject({
		items: [{ name: "sso" }, { name: "corp" }],
	});
	expect(await cli.run(["login-methods", "order", "sso", "nobody"])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("There are: sso, corp."),
	});
	expect(await cli.run(["login-methods", "delete", "sso"])).toMatchObject({ code: 2 });
	expect(await cli.json(["login-methods", "delete", "sso", "--yes"])).toMatchObject({ deleted: true });

	expect(await cli.json(["login-methods", "disable", "corp"])).toMatchObject({ enabled: false });
	expect(await signIn("alice")).toMatchObject({ code: 3 });
	expect(await cli.run(["login-methods", "delete", "corp", "--yes"])).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("1 user signs in by corp"),
	});
	await cli.json(["users", "delete", "alice", "--yes"]);
	expect(await cli.json(["login-methods", "delete", "corp", "--yes"])).toMatchObject({ deleted: true });
});
