import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

/** Something on a page that wants to be read before the rest. */
export function Notice({
	tone,
	icon,
	title,
	role,
	children,
}: {
	tone: "bad" | "warn";
	icon: IconName;
	title: string;
	role?: "alert";
	children?: ReactNode;
}) {
	return (
		<div className="nc-notice" data-tone={tone} role={role}>
			<div className={`nc-state nc-${tone}`} style={{ whiteSpace: "normal", fontWeight: 600 }}>
				<Icon name={icon} />
				{visibleLine(title)}
			</div>
			{children}
		</div>
	);
}
