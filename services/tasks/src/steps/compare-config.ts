import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { readRunning } from "@netconductor/driver-core/change/running-config";
import { openSession } from "@netconductor/driver-core/session";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { compareLines } from "@netconductor/runtime/text/missing-lines";
import { z } from "zod";
import { comparable } from "../checks/comparable-lines.ts";
import { linesOf } from "./change-input.ts";
import { defineStep, type StepContext } from "./step.ts";

const params = z.object({
	/** `backup`: the device is not asked. */
	source: z.enum(["backup", "live"]),
});

/** Lines of a difference that a result holds, and that an error names. */
const mostLines = 500;
const mostNamed = 20;

/** Compares a device's configuration with the lines that are to stand there. It fails where some are missing, or stand and must not; secrets count as equal. */
export const compareConfig = defineStep({
	type: "compare_config",
	category: "checks",
	mode: "read",
	params,
	outcome: () => "in_sync",
	async run(context) {
		const { connection, log } = context;
		const { platform, name } = connection;
		const { source } = context.params;
		const lines = await linesOf(context);
		const current = source === "live" ? await readLive(context) : await readNewestBackup(context);
		if (current === undefined) {
			const message = `There is no backup of ${name} to compare with. Back it up first.`;
			return { result: {}, error: { code: "backups.not_found", message } };
		}
		const [wanted, stands] = [await maskSecretsInSlices(lines.join("\n"), platform), current.text].map((text) =>
			comparable(text, platform.config.structure),
		);
		const found = compareLines(wanted ?? "", stands ?? "");
		const [missing = [], unwanted = []] = [found.missing, found.unwanted].map((all) => all.map(visibleText));
		const problems = [
			...missing.map((line) => `missing: ${line}`),
			...unwanted.map((line) => `not to be there: ${line}`),
		];
		const result = {
			source,
			...current.of,
			missing: missing.slice(0, mostLines),
			unwanted: unwanted.slice(0, mostLines),
			cut: Math.max(missing.length, unwanted.length) > mostLines,
		};
		for (const problem of problems.slice(0, mostLines)) log(problem);
		if (problems.length === 0) {
			log("stands as it should");
			return { result };
		}
		const more = problems.length > mostNamed ? ` and ${problems.length - mostNamed} more` : "";
		const message = `${name} is not as it should be: ${problems.slice(0, mostNamed).join("; ").slice(0, 4_000)}${more}`;
		return { result, error: { code: "checks.drifted", message } };
	},
});

type Context = Pick<StepContext<unknown>, "connection" | "session_options" | "operation" | "backup" | "log">;
interface Current {
	/** Without secrets. */
	text: string;
	/** What the result says of it. */
	of: Record<string, unknown>;
}

async function readLive({ connection, session_options, log }: Context): Promise<Current> {
	const session = await openSession(connection, session_options);
	try {
		log(`connected to ${connection.host}:${connection.port}, host key ${session.host_key.fingerprint}`);
		const { text } = await readRunning(session);
		return { text: await maskSecretsInSlices(text, connection.platform), of: {} };
	} finally {
		await session.close();
	}
}

async function readNewestBackup({ operation, backup, log }: Context): Promise<Current | undefined> {
	const { items } = await backup.readCurrent({ body: { device_ids: [operation.device_id] } });
	const [newest] = items;
	if (newest === undefined) return undefined;
	const { backup_id, backed_up_at, text } = newest;
	log(`compared with its backup of ${backed_up_at}`);
	return { text, of: { backup_id, backed_up_at } };
}
