import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";
import { Notice } from "./notice.tsx";

/** A secret that the server tells only now. */
export function ShownOnce({
	title,
	secret,
	label,
	children,
}: {
	title: string;
	secret: string;
	/** Names it to a screen reader. */
	label: string;
	children?: ReactNode;
}) {
	return (
		<Notice tone="warn" icon="key" title={title}>
			<Group gap="xs" wrap="nowrap" align="center">
				<output className="nc-mono nc-break" aria-label={label} style={{ flex: 1, fontWeight: 600, userSelect: "all" }}>
					{secret}
				</output>
				<div style={{ flex: "none" }}>
					<CopyButton text={secret} label="Copy" />
				</div>
			</Group>
			{children}
		</Notice>
	);
}
