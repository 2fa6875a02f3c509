import { Button, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** Stands where nothing is yet, and says what to do first. */
export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
	return (
		<Stack align="center" gap="xs" py={48} px="md" ta="center">
			<Title order={2}>{title}</Title>
			{children !== undefined && (
				<Text size="sm" c="dimmed" maw={480} component="div">
					{children}
				</Text>
			)}
			{actions !== undefined && <div className="nc-head">{actions}</div>}
		</Stack>
	);
}

/** What a list shows where its filters leave nothing: how to see everything again. */
export function NothingMatches({ title, onShowAll }: { title: string; onShowAll: () => void }) {
	return (
		<Empty
			title={title}
			actions={
				<Button variant="default" onClick={onShowAll}>
					Show all
				</Button>
			}
		/>
	);
}
