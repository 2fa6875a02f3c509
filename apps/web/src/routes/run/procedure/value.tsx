import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { CopyButton } from "../../../ui/copy-button.tsx";
import style from "./procedure.module.css";
import { valueText } from "./value-text.ts";

/** Of a longer value the beginning is shown; all of it can be copied. */
const mostShown = 20_000;

/** A result or parameters, to read. */
export function Value({ label, value }: { label: string; value: Record<string, unknown> }) {
	const text = valueText(value);
	const cut = text.length > mostShown;
	return (
		<div>
			<div className="nc-head" style={{ marginBottom: 4 }}>
				<h3 className={style.heading}>{label}</h3>
				<CopyButton text={visibleText(text)} label="Copy" />
			</div>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
			<section className={`nc-code ${style.text}`} aria-label={label} tabIndex={0}>
				{visibleText(cut ? `${text.slice(0, mostShown)}\n…` : text)}
			</section>
		</div>
	);
}
