import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@netconductor/contracts/kernel/secret";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { configReference, defineConfig, loadConfig } from "./config.ts";
import { isAppError } from "./errors.ts";
import { runtimeSlices, servicePlacement } from "./runtime-config.ts";

let cwd: string;
beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "nc-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const backup = defineConfig(
	"backup",
	z.object({
		keep_days: z.int().min(1).max(3650).default(90).meta({ description: "Days a backup is kept." }),
		mode: z.enum(["raw", "normalised"]).default("raw"),
		include: z.array(z.string()).default([]),
		compress: z.boolean().default(true),
		passphrase: Secret(z.string().min(12)).optional().meta({ description: "Encrypts exports." }),
		labels: z.record(z.string(), z.string()).default({}),
		admin_password: Secret().optional(),
	}),
	{ aliases: { admin_password: "NETCONDUCTOR_ADMIN_PASSWORD" } },
);
const needy = defineConfig("mail", z.object({ host: z.string(), port: z.union([z.literal("auto"), z.int()]) }));

function yaml(text: string, name = "netconductor.yaml"): string {
	const path = join(cwd, name);
	writeFileSync(path, text);
	return path;
}

function problemsOf(load: () => unknown): string {
	try {
		load();
	} catch (error) {
		if (!isAppError(error)) throw error;
		expect(error.code).toBe("startup.config_invalid");
		return error.message;
	}
	throw new Error("expected the configuration to be refused");
}

test("the environment wins over the file, the file over the default", () => {
	yaml("backup:\n  keep_days: 7\n  mode: normalised\n");
	const config = loadConfig({ slices: [backup], env: { NETCONDUCTOR_BACKUP_KEEP_DAYS: "30" }, cwd });
	expect(config.backup).toMatchObject({ keep_days: 30, mode: "normalised", compress: true });
});

test("variables become the field's type", () => {
	const env = {
		NETCONDUCTOR_BACKUP_INCLUDE: "core, edge,",
		NETCONDUCTOR_BACKUP_COMPRESS: "off",
		NETCONDUCTOR_BACKUP_LABELS: '{"site": "ber"}',
		NETCONDUCTOR_MAIL_HOST: "0123",
		NETCONDUCTOR_MAIL_PORT: "25",
	};
	const config = loadConfig({ slices: [backup, needy], env, cwd });
	expect(config.backup).toMatchObject({ include: ["core", "edge"], compress: false, labels: { site: "ber" } });
	expect(config.mail).toEqual({ host: "0123", port: 25 });
	expect(
		loadConfig({
			slices: [needy],
			env: { ...env, NETCONDUCTOR_MAIL_PORT: "auto" },
			cwd,
			elsewhere: { sections: ["backup"] },
		}).mail.port,
	).toBe("auto");
});

test("a variable with _FILE takes the file's content without its last line break, and aliases work the same", () => {
	writeFileSync(join(cwd, "secret"), "correct horse battery\n\n");
	const config = loadConfig({
		slices: [backup],
		env: { NETCONDUCTOR_BACKUP_PASSPHRASE_FILE: "secret", NETCONDUCTOR_ADMIN_PASSWORD_FILE: join(cwd, "secret") },
		cwd,
	});
	expect(config.backup.passphrase).toBe("correct horse battery\n");
	expect(config.backup.admin_password).toBe("correct horse battery\n");
});

test("an empty variable and an empty setting in the file count as unset", () => {
	yaml("backup:\n  mode:\n");
	expect(loadConfig({ slices: [backup], env: { NETCONDUCTOR_BACKUP_KEEP_DAYS: "" }, cwd }).backup).toMatchObject({
		keep_days: 90,
		mode: "raw",
	});
});

test("all problems are told at once, each with its place and what is accepted", () => {
	yaml("backup:\n  keep_days: many\n  mode: cooked\n  keep_dys: 3\nbakcup:\n  mode: raw\n");
	const message = problemsOf(() =>
		loadConfig({
			slices: [backup, needy],
			env: {
				NETCONDUCTOR_BACKUP_COMPRESS: "perhaps",
				NETCONDUCTOR_BACKUP_MOED: "raw",
				NETCONDUCTOR_MAIL_PORT: "x",
				NETCONDUCTOR_BACKUP_PASSPHRASE_FILE: "/nowhere",
			},
			cwd,
		}),
	);
	expect(message).toContain("has 9 problems");
	expect(message).toContain(
		'netconductor.yaml:2:3 backup.keep_days: "many" is not accepted: expected a whole number from 1 to 3650 — Days a backup is kept.',
	);
	expect(message).toContain(
		'netconductor.yaml:3:3 backup.mode: "cooked" is not accepted: expected one of raw, normalised',
	);
	expect(message).toContain("netconductor.yaml:4:3: unknown backup.keep_dys; did you mean keep_days?");
	expect(message).toContain("netconductor.yaml:5:1: unknown section bakcup; did you mean backup?");
	expect(message).toContain('NETCONDUCTOR_BACKUP_COMPRESS: "perhaps" is not accepted: expected true or false');
	expect(message).toContain("NETCONDUCTOR_BACKUP_MOED: unknown variable; did you mean NETCONDUCTOR_BACKUP_MODE?");
	expect(message).toContain("NETCONDUCTOR_MAIL_HOST: is required (in the file: mail.host): expected text");
	expect(message).toContain("NETCONDUCTOR_BACKUP_PASSPHRASE_FILE: the file /nowhere cannot be read (ENOENT)");
});

test("no problem shows a secret, however it was written", () => {
	const canary = "cAnary-7";
	const files = [
		`backup:\n  passphrase: ${canary}\n`,
		`backup:\n  passphrase: *${canary}\n`,
		`backup:\n  passphrase: !${canary} x\n`,
		`backup:\n  passphrase: @${canary}\n`,
		`backup:\n  passphrase: '${canary}\n`,
		`backup:\n  passphrase: "${canary}\\q"\n`,
		`backup:\n  passphrase: a: ${canary}\n`,
		`backup:\n  passphrase: [${canary}]\n`,
		`backup:\n  passphrase: {${canary}: 1}\n`,
		`backup: ${canary}\n`,
	];
	for (const file of files) {
		yaml(file);
		const message = problemsOf(() => loadConfig({ slices: [backup], env: {}, cwd }));
		expect(message, file).not.toContain(canary);
		expect(message, file).toMatch(/netconductor\.yaml:\d/);
	}
	const url = `postgres-typo://admin:${canary}@db/x`;
	const message = problemsOf(() =>
		loadConfig({
			slices: runtimeSlices,
			env: { DATABASE_URL: url, NETCONDUCTOR_MASTER_KEY: canary, NETCONDUCTOR_LOG_LEVEL: url },
			cwd,
			file: yaml(""),
		}),
	);
	expect(message).toContain("DATABASE_URL: the value (not shown) is not accepted: expected a URL postgres://");
	expect(message).toContain("NETCONDUCTOR_MASTER_KEY: the value (not shown) is not accepted: expected 32 bytes");
	expect(message).not.toContain(canary);
});

test("a value and its _FILE together are refused", () => {
	const env = { NETCONDUCTOR_ADMIN_PASSWORD: "a", NETCONDUCTOR_ADMIN_PASSWORD_FILE: "b" };
	expect(problemsOf(() => loadConfig({ slices: [backup], env, cwd }))).toContain("is set together with");
});

test("a named file must exist, and the default one need not", () => {
	expect(problemsOf(() => loadConfig({ slices: [backup], env: { NETCONDUCTOR_CONFIG: "other.yaml" }, cwd }))).toContain(
		"other.yaml: the file cannot be read (ENOENT)",
	);
	expect(loadConfig({ slices: [backup], env: {}, cwd }).backup.keep_days).toBe(90);
	yaml("# only a comment\n");
	expect(loadConfig({ slices: [backup], env: {}, cwd }).backup.keep_days).toBe(90);
});

test("settings of parts that run elsewhere and what Kubernetes adds are left alone", () => {
	yaml("backup:\n  mode: raw\nmail:\n  host: x\n");
	const env = {
		NETCONDUCTOR_MAIL_HOST: "x",
		NETCONDUCTOR_URL: "http://x",
		NETCONDUCTOR_WEB_SERVICE_HOST: "10.0.0.1",
		NETCONDUCTOR_WEB_PORT: "tcp://10.0.0.1:80",
		NETCONDUCTOR_WEB_PORT_80_TCP_ADDR: "10.0.0.1",
	};
	const config = loadConfig({
		slices: [backup],
		env,
		cwd,
		elsewhere: { sections: ["mail"], variables: ["NETCONDUCTOR_URL"] },
	});
	expect(config.backup.mode).toBe("raw");
});

test("of a part that runs elsewhere only its place is read", () => {
	yaml("backup:\n  url: http://10.0.0.1:8007\n  keep_days: 7\n");
	const config = loadConfig({
		slices: [servicePlacement("backup")],
		env: { NETCONDUCTOR_BACKUP_MODE: "raw" },
		cwd,
		elsewhere: { sections: ["backup"] },
	});
	expect(config.backup).toEqual({ url: "http://10.0.0.1:8007" });
});

test("the configuration is frozen at every depth", () => {
	const config = loadConfig({ slices: [backup], env: { NETCONDUCTOR_BACKUP_INCLUDE: "a" }, cwd });
	expect(() => (config.backup.include as string[]).push("b")).toThrow(TypeError);
	expect(() => Object.assign(config.backup, { mode: "x" })).toThrow(TypeError);
	expect(() => Object.assign(config, { mail: {} })).toThrow(TypeError);
});

test("slices of one section are merged, and two fields of one name are a programming error", () => {
	const env = { NETCONDUCTOR_BACKUP_URL: "http://10.0.0.1:8007" };
	const config = loadConfig({ slices: [backup, servicePlacement("backup")] as const, env, cwd });
	expect(config.backup.url).toBe("http://10.0.0.1:8007");
	expect(config.backup.keep_days).toBe(90);
	expect(() => loadConfig({ slices: [backup, backup], env: {}, cwd })).toThrow(TypeError);
});

test("the runtime's own settings load from the well-known variables", () => {
	const env = {
		DATABASE_URL: "postgres://u:p@db/x",
		RABBITMQ_URL: "amqp://u:p@mq",
		REDIS_URL: "redis://r",
		OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
		NETCONDUCTOR_DATA_DIR: "/var/lib/netconductor",
		NETCONDUCTOR_MASTER_KEY: "ab".repeat(32),
		NETCONDUCTOR_INTERNAL_PORT: "9000",
	};
	const config = loadConfig({ slices: runtimeSlices, env, cwd });
	expect(config.database.url).toBe(env.DATABASE_URL);
	expect(config.internal).toEqual({ host: "127.0.0.1", port: 9000 });
	expect(config.workers.processes).toBeGreaterThanOrEqual(1);
	expect(config.data.dir).toBe(env.NETCONDUCTOR_DATA_DIR);
});

test("the reference names every setting with its variables, type, default and meaning", () => {
	const page = configReference([backup, ...runtimeSlices]);
	expect(page).toContain(
		"| `keep_days` | `NETCONDUCTOR_BACKUP_KEEP_DAYS` | a whole number from 1 to 3650 | `90` | Days a backup is kept. |",
	);
	expect(page).toContain(
		"| `url` | `DATABASE_URL`, `NETCONDUCTOR_DATABASE_URL` | a URL postgres://user:password@host:port/database (secret) | – |",
	);
	expect(page).toContain("processors − 1, at least 1");
});
