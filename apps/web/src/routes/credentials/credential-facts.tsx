import { Drawer, Stack } from "@mantine/core";
import type { Credential } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { secretsOf } from "./columns.tsx";
import { CredentialUses } from "./credential-uses.tsx";

/** A credential for who may see but not change it. */
export function CredentialFacts({ credential, onClose }: { credential: Credential; onClose: () => void }) {
	return (
		<Drawer opened onClose={onClose} title={`Credential ${visibleLine(credential.name)}`} position="right" size={520}>
			<Stack gap="md">
				<dl className="nc-facts">
					<dt>User name</dt>
					<dd className="nc-mono">{visibleLine(credential.username)}</dd>
					<dt>Secrets set</dt>
					<dd>{secretsOf(credential).join(", ")}</dd>
					<dt>Default</dt>
					<dd>{credential.is_default ? "Yes" : "No"}</dd>
				</dl>
				<CredentialUses credential={credential} />
			</Stack>
		</Drawer>
	);
}
