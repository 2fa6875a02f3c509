import { readRunning } from "@netconductor/driver-core/change/running-config";
import { openSession } from "@netconductor/driver-core/session";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { z } from "zod";
import { findDrift, inWords, logProblems } from "../checks/find-drift.ts";
import { changeInput } from "./change-input.ts";
import { defineStep, type StepContext } from "./step.ts";

const params = z.object({
	/** `backup`: the device is not asked. */
	source: z.enum(["backup", "live"]),
});

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
		const { lines } = await changeInput(context);
		const current = source === "live" ? await readLive(context) : await readNewestBackup(context);
		if (current === undefined) {
			const message = `There is no backup of ${name} to compare with. Back it up first.`;
			return { result: {}, error: { code: "backups.not_found", message } };
		}
		const { drift, problems } = await findDrift(lines, current.text, platform);
		const result = { source, ...current.of, ...drift };
		logProblems(problems, log);
		if (problems.length > 0) {
			const message = `${name} is not as it should be: ${inWords(problems)}`;
			return { result, error: { code: "checks.drifted", message } };
		}
		log("stands as it should");
		return { result };
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
