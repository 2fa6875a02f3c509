import { AppShell, Burger, Group, NavLink, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Permission } from "@netconductor/contracts/auth/permissions";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { usePermitted } from "../api/context.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { ConfigSearch } from "./config-search.tsx";
import { useDashboard } from "./use-dashboard.ts";
import { UserMenu } from "./user-menu.tsx";

const sections: { to: "/devices" | "/runs" | "/search"; label: string; icon: IconName; needs: Permission }[] = [
	{ to: "/devices", label: "Devices", icon: "device", needs: "devices:read" },
	{ to: "/runs", label: "Runs", icon: "run", needs: "runs:read" },
	{ to: "/search", label: "Search configs", icon: "search", needs: "backups:read" },
];

/** Frame of all pages of somebody signed in. */
export function Layout() {
	const [opened, { toggle, close }] = useDisclosure();
	const permitted = usePermitted();
	const { pathname } = useLocation();
	useDashboard();
	// biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever the page changes
	useEffect(close, [pathname]);
	return (
		<>
			<a href="#main" className="nc-skip">
				Skip to content
			</a>
			<AppShell
				header={{ height: 48 }}
				navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !opened } }}
				padding={{ base: "xs", sm: "md" }}
			>
				<AppShell.Header>
					<Group h="100%" px="sm" gap="sm" wrap="nowrap" justify="space-between">
						<Group gap="xs" wrap="nowrap">
							<Burger
								opened={opened}
								onClick={toggle}
								hiddenFrom="sm"
								size="sm"
								aria-label={opened ? "Close the menu" : "Open the menu"}
							/>
							<UnstyledButton component={Link} to="/devices" aria-label="NetConductor, start page">
								<Group gap={8} wrap="nowrap">
									<img src="/favicon.svg" alt="" width={24} height={24} />
									<Text fw={650} visibleFrom="sm">
										NetConductor
									</Text>
								</Group>
							</UnstyledButton>
						</Group>
						<Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
							{permitted("backups:read") && <ConfigSearch />}
							<UserMenu />
						</Group>
					</Group>
				</AppShell.Header>
				<AppShell.Navbar aria-label="Main">
					<Stack gap={2} p="xs">
						{sections
							.filter(({ needs }) => permitted(needs))
							.map(({ to, label, icon }) => (
								<NavLink
									key={to}
									component={Link}
									to={to}
									label={label}
									active={pathname.startsWith(to)}
									leftSection={<Icon name={icon} />}
								/>
							))}
						<NavLink
							href="/api/docs/"
							target="_blank"
							rel="noreferrer"
							label="API docs"
							leftSection={<Icon name="book" />}
							rightSection={<Icon name="external" size={12} />}
						/>
					</Stack>
				</AppShell.Navbar>
				<AppShell.Main id="main" tabIndex={-1}>
					<Outlet />
				</AppShell.Main>
			</AppShell>
		</>
	);
}
