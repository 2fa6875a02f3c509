import { readFileSync } from "node:fs";
import { Connection } from "@netconductor/contracts/devices/connection";
import { CliEngine } from "@netconductor/driver-core/cli-engine";
import { collectConfig } from "@netconductor/driver-core/collect-config";
import { compilePlatform } from "@netconductor/driver-core/platform";
import { readFacts } from "@netconductor/driver-core/read-facts";
import { maskSecrets, normalise } from "@netconductor/runtime/config-text";
import { describe, expect, test } from "vitest";
import { replayTranscript } from "../test/replay-transcript.ts";
import { builtInPlatforms } from "./platforms.ts";

describe.each(builtInPlatforms)("$id", (definition) => {
	const read = (name: string) =>
		readFileSync(new URL(`../transcripts/${definition.id}/${name}`, import.meta.url), "utf8");

	async function replay() {
		const platform = compilePlatform(definition);
		const connection = Connection.parse({
			device_id: "d1",
			name: definition.id,
			host: "192.0.2.1",
			port: 22,
			username: "admin",
			host_key: null,
			legacy_algorithms: false,
			enable_password: "enable-s3cret",
			platform: definition,
			timeouts: { prompt_ms: 2000, command_ms: 2000 },
		});
		const [config] = definition.config.commands;
		// The command of `linux` is long; the transcript calls it CONFIG.
		const session = read("session.txt").replaceAll("CONFIG\n", `${config}\n`);
		const engine = new CliEngine(replayTranscript(session, definition.newline, 100_000), {
			peer: connection,
			platform,
			timeouts: connection.timeouts,
			max_output_bytes: 1_000_000,
			enable_password: connection.enable_password,
			secrets: [],
		});
		await engine.login();
		const speaking = { connection, platform, run: engine.run.bind(engine) };
		const { raw } = await collectConfig(speaking);
		const facts = await readFacts(speaking);
		engine.close();
		return { config: raw.toString(), facts };
	}

	test("the recorded session gives config and facts, line for line", async () => {
		const { config, facts } = await replay();
		await expect(config).toMatchFileSnapshot(`../transcripts/${definition.id}/config.txt`);
		await expect(`${JSON.stringify(facts, null, "\t")}\n`).toMatchFileSnapshot(
			`../transcripts/${definition.id}/facts.json`,
		);
	});

	test("what is shown and compared holds no secret and nothing that changes by itself", async () => {
		const { config } = await replay();
		const canaries = new Set(read("session.txt").match(/C4NARY\d\d/g));
		for (const canary of canaries) expect(config).toContain(canary);
		const shown = maskSecrets(normalise(config, definition), definition);
		expect(shown).not.toContain("C4NARY");
		expect(maskSecrets(config, definition)).not.toContain("C4NARY");
		expect(shown).not.toContain("2026");
		await expect(shown).toMatchFileSnapshot(`../transcripts/${definition.id}/masked.txt`);
	});
});
