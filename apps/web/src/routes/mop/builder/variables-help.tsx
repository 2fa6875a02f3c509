import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { CopyIcon } from "../../../ui/copy-button.tsx";
import type { VariableAt } from "../document/variables-at.ts";
import styles from "./builder.module.css";

/** What templates of a step may use, each with where it comes from and ready to be copied. */
export function VariablesHelp({ variables }: { variables: readonly VariableAt[] }) {
	return (
		<details className={styles.variables}>
			<summary>Variables for templates here ({variables.length})</summary>
			<ul>
				{variables.map(({ name, from, members }) => (
					<li key={name}>
						<span className="nc-mono">{visibleLine(name)}</span>
						<CopyIcon text={`{{ ${name} }}`} label={`Copy {{ ${visibleLine(name)} }}`} />
						<span className="nc-small nc-dim nc-break">
							{visibleLine(from)}
							{members.length > 0 && `: ${members.map((member) => `.${member}`).join(" ")}`}
						</span>
					</li>
				))}
			</ul>
		</details>
	);
}
