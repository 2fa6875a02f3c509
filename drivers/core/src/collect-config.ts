import { nameOf, sessionError } from "./device-error.ts";
import type { Session } from "./session.ts";

/**
 * Reads the running configuration with the platform's commands, without the lines that stand before the config proper.
 * Bytes are the device's own (line endings become `\n`), also where they are not UTF-8.
 * @throws device.empty_config — never store that as a good backup
 * @throws device.truncated_config — the platform's end marker is missing
 */
export async function collectConfig(
	session: Pick<Session, "platform" | "connection" | "run">,
): Promise<{ raw: Buffer }> {
	const { platform, connection } = session;
	const { commands } = platform.definition.config;
	const parts: Buffer[] = [];
	for (const [index, command] of commands.entries()) {
		const end = index === commands.length - 1 ? platform.configEnd : undefined;
		const { bytes } = await session.run(command, { end, confirm: end === undefined });
		parts.push(withoutPreamble(bytes, platform.isDropped));
	}
	const raw = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
	const asked = commands.map((command) => `\`${command}\``).join(", ");
	const last = raw.toString("utf8", Math.max(0, raw.length - 4096)).trimEnd();
	if (last === "") {
		throw sessionError(
			"device.empty_config",
			connection,
			"command",
			`answered ${asked} with nothing. No backup was made. Check that the user may read the configuration and that the device type is right.`,
		);
	}
	const lastLine = last.slice(last.lastIndexOf("\n") + 1);
	if (platform.configEnd !== undefined && !platform.configEnd.test(lastLine)) {
		throw sessionError(
			"device.truncated_config",
			connection,
			"command",
			`sent ${raw.length} bytes of configuration that do not end as one of ${platform.definition.label} does. No backup was made. Try again; if it recurs, run ${asked} on ${nameOf(connection)} by hand and look at its end.`,
			{ details: { received_bytes: raw.length } },
		);
	}
	return { raw };
}

/** `bytes` from the first line on that is neither blank nor dropped by the platform. */
export function withoutPreamble(bytes: Buffer, isDropped: (line: string) => boolean): Buffer {
	let from = 0;
	while (from < bytes.length) {
		const newline = bytes.indexOf(10, from);
		const end = newline === -1 ? bytes.length : newline;
		const line = bytes.toString("utf8", from, Math.min(end, from + 2000)).trimEnd();
		if (line !== "" && !isDropped(line)) break;
		from = end + 1;
	}
	return bytes.subarray(Math.min(from, bytes.length));
}
