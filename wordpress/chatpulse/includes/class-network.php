<?php
/**
 * Networks of sites.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Each site of a network has its own tables and settings: they come with the site and go with it.
 */
final class Network {

	/** Sites that are read from the database at a time. */
	private const PAGE = 100;

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		register_activation_hook( PLUGIN_FILE, array( self::class, 'activate' ) );
		add_action( 'wp_initialize_site', array( self::class, 'site_made' ), 20 );
		add_filter( 'wpmu_drop_tables', array( self::class, 'tables_to_drop' ), 10, 2 );
	}

	/**
	 * The plugin was activated: makes the tables of this site, or of every site.
	 *
	 * @param bool $network_wide For the whole network.
	 */
	public static function activate( bool $network_wide = false ): void {
		if ( $network_wide && is_multisite() ) {
			self::each_site( array( Schema::class, 'migrate' ) );
		} else {
			Schema::migrate();
		}
	}

	/**
	 * The network has a new site.
	 *
	 * @param \WP_Site $site The site.
	 */
	public static function site_made( \WP_Site $site ): void {
		require_once ABSPATH . 'wp-admin/includes/plugin.php';
		if ( is_plugin_active_for_network( plugin_basename( PLUGIN_FILE ) ) ) {
			self::at( (int) $site->blog_id, array( Schema::class, 'migrate' ) );
		}
	}

	/**
	 * A site is deleted with its tables: ours are among them.
	 *
	 * @param string[] $tables  The tables so far.
	 * @param int      $site_id The site.
	 * @return string[]
	 */
	public static function tables_to_drop( array $tables, int $site_id ): array {
		$ours = array();
		self::at(
			$site_id,
			static function () use ( &$ours ): void {
				$ours = Schema::tables();
			}
		);
		// Tables that others refer to go last, and these refer to each other only.
		return array_merge( $ours, $tables );
	}

	/**
	 * Does something at every site of the network.
	 *
	 * @param callable $action What to do.
	 */
	public static function each_site( callable $action ): void {
		for ( $offset = 0; ; $offset += self::PAGE ) {
			$sites = get_sites(
				array(
					'fields'  => 'ids',
					'number'  => self::PAGE,
					'offset'  => $offset,
					'orderby' => 'id',
				)
			);
			foreach ( $sites as $site_id ) {
				self::at( (int) $site_id, $action );
			}
			if ( count( $sites ) < self::PAGE ) {
				return;
			}
		}
	}

	/**
	 * Does something at one site.
	 *
	 * @param int      $site_id The site.
	 * @param callable $action  What to do.
	 */
	private static function at( int $site_id, callable $action ): void {
		switch_to_blog( $site_id );
		try {
			$action();
		} finally {
			restore_current_blog();
		}
	}
}
