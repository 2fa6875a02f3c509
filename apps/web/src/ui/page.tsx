import { Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";

/** A page: its title, what can be done on it, its content. */
export function Page({
	title,
	beside,
	actions,
	children,
}: {
	title: string;
	/** Stands beside the title: a state. */
	beside?: ReactNode;
	actions?: ReactNode;
	children: ReactNode;
}) {
	const shown = visibleLine(title);
	useDocumentTitle(`${shown} · NetConductor`);
	return (
		<div className="nc-page">
			<div className="nc-head">
				<div className="nc-state" style={{ gap: 14, whiteSpace: "normal", flexWrap: "wrap" }}>
					<Title order={1} className="nc-break">
						{shown}
					</Title>
					{beside}
				</div>
				{actions !== undefined && <div className="nc-actions">{actions}</div>}
			</div>
			{children}
		</div>
	);
}

/** A framed part of a page with a heading of its own. */
export function Panel({ title, actions, children }: { title?: string; actions?: ReactNode; children: ReactNode }) {
	return (
		<section className="nc-panel" aria-label={title}>
			{title !== undefined && (
				<div className="nc-panel-head">
					<Title order={2}>{title}</Title>
					{actions}
				</div>
			)}
			{children}
		</section>
	);
}
