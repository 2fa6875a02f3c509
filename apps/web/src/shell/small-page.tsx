import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** Frame of the pages before the others: sign in, choose a password. */
export function SmallPage({ children }: { children: ReactNode }) {
	return (
		<main style={{ maxWidth: 400, margin: "0 auto", padding: "12vh 16px 32px" }}>
			<Group gap={10} mb="lg">
				<img src="/favicon.svg" alt="" width={32} height={32} />
				<Text fw={650} size="lg">
					NetConductor
				</Text>
			</Group>
			{children}
		</main>
	);
}
