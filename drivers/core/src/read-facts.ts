import { FactName, type Facts } from "@netconductor/contracts/devices/platform";
import { hasCode } from "@netconductor/runtime/errors";
import type { Platform } from "./platform.ts";
import type { Session } from "./session.ts";

/** Facts stand near the top of an answer; a device that sends more is not searched to its end. */
const searchedCharacters = 64 * 1024;

/** Asks the device who it is. A command that the device refuses yields no facts; every other error is thrown. */
export async function readFacts(session: Pick<Session, "platform" | "run">): Promise<Facts> {
	const facts: Facts = {};
	for (const { command, fields } of session.platform.facts) {
		let output: string;
		try {
			output = (await session.run(command)).output;
		} catch (error) {
			if (hasCode(error, "device.command_failed")) continue;
			throw error;
		}
		for (const [fact, value] of factsIn(output, fields)) facts[fact] ??= value;
	}
	return facts;
}

/** Facts that the fields of one command find in its answer. */
export function factsIn(output: string, fields: Platform["facts"][number]["fields"]): [FactName, string][] {
	const searched = output.slice(0, searchedCharacters);
	return fields.flatMap(([name, pattern]): [FactName, string][] => {
		const groups = pattern.exec(searched)?.slice(1);
		const value = groups?.find((group) => group !== undefined)?.trim();
		return value === undefined || value === "" ? [] : [[FactName.parse(name), value.slice(0, 500)]];
	});
}
