import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { useRoles } from "./use-roles.ts";

/** What is known of an account, of a person or of a program. */
export function AccountFacts({
	title,
	account,
	about,
	changes,
	children,
}: {
	title: string;
	account: { id: string; role: string; created_at: string; updated_at: string };
	/** Facts before its role. */
	about: ReactNode;
	/** What leads to its part of the audit trail. */
	changes: string;
	/** Facts after its role. */
	children: ReactNode;
}) {
	const permitted = usePermitted();
	const { label } = useRoles();
	return (
		<Panel title={title}>
			<dl className="nc-facts nc-panel-body">
				{about}
				<dt>Role</dt>
				<dd>
					{permitted("roles:read") ? (
						<TextLink to="/roles" search={{ role: account.role }} size="sm">
							{visibleLine(label(account.role))}
						</TextLink>
					) : (
						visibleLine(account.role)
					)}
				</dd>
				{children}
				<dt>Added</dt>
				<dd>
					<Moment at={account.created_at} />
				</dd>
				<dt>Changed</dt>
				<dd>
					<Ago at={account.updated_at} />
				</dd>
			</dl>
			{permitted("audit:read") && (
				<div className="nc-panel-body">
					<ButtonLink
						variant="default"
						to="/audit"
						search={{ actor: account.id }}
						leftSection={<Icon name="list" size={14} />}
					>
						{changes}
					</ButtonLink>
				</div>
			)}
		</Panel>
	);
}
