import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { count } from "../words.ts";
import { UnifiedDiff } from "./unified-diff.tsx";

/** Lines that a device lacks, and lines that stand on it and must not. */
export function DriftLines({
	missing,
	unwanted,
	device_name,
	notes = { missing: "A deployment would add them", unwanted: "A deployment would take them away" },
}: {
	missing: readonly string[];
	unwanted: readonly string[];
	device_name: string;
	/** What is said beside each. */
	notes?: { missing: string; unwanted: string };
}) {
	const name = visibleLine(device_name);
	return (
		<>
			{missing.length > 0 && (
				<>
					<div className="nc-part-head">
						<strong>{count(missing.length, "line")} missing</strong>
						<span className="nc-small nc-dim">{notes.missing}</span>
					</div>
					<UnifiedDiff text={missing.map((line) => `+${line}`).join("\n")} label={`Missing on ${name}`} />
				</>
			)}
			{unwanted.length > 0 && (
				<>
					<div className="nc-part-head">
						<strong>{count(unwanted.length, "line")} too many</strong>
						<span className="nc-small nc-dim">{notes.unwanted}</span>
					</div>
					<UnifiedDiff text={unwanted.map((line) => `-${line}`).join("\n")} label={`Too many on ${name}`} />
				</>
			)}
		</>
	);
}
