import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "./icon.tsx";
import style from "./phases.module.css";
import { duration } from "./words.ts";

export interface Phase {
	phase: string;
	ms: number;
	ok: boolean;
}

const names: Record<string, string> = {
	connect: "Connect",
	host_key: "Host key",
	auth: "Log in",
	prompt: "Prompt",
	command: "Read facts",
	commit: "Commit",
};

/** How a test of a connection went, one phase after the other, each with its time. */
export function Phases({ phases, label }: { phases: readonly Phase[]; label: string }) {
	const longest = Math.max(1, ...phases.map(({ ms }) => ms));
	return (
		<table className={style.phases} aria-label={label}>
			<tbody>
				{phases.map(({ phase, ms, ok }) => (
					<tr key={phase}>
						<th scope="row" className={ok ? "nc-good" : "nc-bad"}>
							<span className="nc-state">
								<Icon name={ok ? "ok" : "cross"} size={14} />
								{names[phase] ?? visibleLine(phase)}
								{!ok && " failed"}
							</span>
						</th>
						<td className={style.bar} aria-hidden="true">
							<span data-failed={!ok || undefined} style={{ width: `${Math.max(1, (ms / longest) * 100)}%` }} />
						</td>
						<td className="nc-number">{duration(ms)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** The same in one line. */
export function PhaseLine({ phases }: { phases: readonly Phase[] }) {
	return phases
		.map(({ phase, ms, ok }) => `${names[phase] ?? visibleLine(phase)} ${ok ? duration(ms) : "failed"}`)
		.join(" · ");
}
