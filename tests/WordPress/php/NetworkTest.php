<?php
/**
 * A network of sites, installed for the test beside the site: same database, tables with another prefix.
 * And what deactivating and deleting the plugin leaves.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/OtherSite.php';

final class NetworkTest extends SiteTestCase {

	private const PREFIX = 'net_';

	private static OtherSite $network;

	public static function setUpBeforeClass(): void {
		self::$network = new OtherSite( self::PREFIX );
		self::$network->install(
			"require ABSPATH . 'wp-admin/includes/network.php';
			foreach ( \$wpdb->tables( 'ms_global' ) as \$table => \$name ) { \$wpdb->\$table = \$name; }
			install_network();
			\$result = populate_network( 1, 'other.example', 'root@example.org', 'Network', '/', false );
			if ( is_wp_error( \$result ) && 'no_wildcard_dns' !== \$result->get_error_code() ) { throw new Exception( \$result->get_error_message() ); }"
		);
		self::$network->configure(
			"define( 'MULTISITE', true ); define( 'SUBDOMAIN_INSTALL', false ); define( 'DOMAIN_CURRENT_SITE', 'other.example' );
			define( 'PATH_CURRENT_SITE', '/' ); define( 'SITE_ID_CURRENT_SITE', 1 ); define( 'BLOG_ID_CURRENT_SITE', 1 );"
		);
	}

	public static function tearDownAfterClass(): void {
		self::$network->remove();
	}

	public function test_every_site_of_a_network_has_tables_of_its_own(): void {
		self::$network->run(
			"wp_insert_site( array( 'domain' => 'other.example', 'path' => '/before/', 'network_id' => 1, 'user_id' => 1 ) );
			\$error = activate_plugin( 'chatpulse/chatpulse.php', '', true );
			if ( is_wp_error( \$error ) ) { throw new Exception( \$error->get_error_message() ); }"
		);
		$this->assertCount( 6, $this->tables( '' ), 'The main site.' );
		$this->assertCount( 6, $this->tables( '2_' ), 'A site that was there before.' );

		self::$network->run( "wp_insert_site( array( 'domain' => 'other.example', 'path' => '/after/', 'network_id' => 1, 'user_id' => 1 ) );" );
		$this->assertCount( 6, $this->tables( '3_' ), 'A site that was made afterwards.' );

		self::$network->run( 'wp_delete_site( 3 );' );
		$this->assertCount( 0, $this->tables( '3_' ), 'A site that was deleted.' );
		$this->assertCount( 6, $this->tables( '2_' ), 'The others keep theirs.' );
	}

	/** @depends test_every_site_of_a_network_has_tables_of_its_own */
	public function test_who_is_removed_from_a_site_leaves_its_conversations_and_no_others(): void {
		$answer = self::$network->run(
			"\$ann = wpmu_create_user( 'ann', 'password', 'ann@example.org' );
			\$bob = wpmu_create_user( 'bob', 'password', 'bob@example.org' );
			foreach ( array( 1, 2 ) as \$site ) {
				add_user_to_blog( \$site, \$ann, 'subscriber' );
				add_user_to_blog( \$site, \$bob, 'subscriber' );
				switch_to_blog( \$site );
				Chatpulse\\Threads::create( \$ann, 'group', 'Plans', array( \$bob ) );
				restore_current_blog();
			}
			remove_user_from_blog( \$ann, 2 );
			\$left = array();
			foreach ( array( 1, 2 ) as \$site ) {
				switch_to_blog( \$site );
				\$left[] = Chatpulse\\Database::rows( 'SELECT user_id = %d AS is_ann, role FROM ' . Chatpulse\\Schema::table( 'participants' ) . ' ORDER BY id', \$ann );
				restore_current_blog();
			}
			wpmu_delete_user( \$ann );
			\$left[] = Chatpulse\\Database::rows( 'SELECT user_id = %d AS is_ann, role FROM ' . Chatpulse\\Schema::table( 'participants' ) . ' ORDER BY id', \$ann );
			echo wp_json_encode( \$left );"
		);

		$owner  = static fn( string $is_ann ): array => array( 'is_ann' => $is_ann, 'role' => 'owner' );
		$member = array( 'is_ann' => '0', 'role' => 'member' );
		$this->assertSame( array( array( $owner( '1' ), $member ), array( $owner( '0' ) ), array( $owner( '0' ) ) ), json_decode( $answer, true ) );
	}

	/** @depends test_every_site_of_a_network_has_tables_of_its_own */
	public function test_the_networks_secrets_are_not_shown_to_who_administers_one_site(): void {
		$see = static fn( string $user ): array => json_decode(
			self::$network->run(
				"\$id = username_exists( 'one' ) ?: wpmu_create_user( 'one', 'password', 'one@example.org' );
				add_user_to_blog( 2, \$id, 'administrator' );
				switch_to_blog( 2 );
				update_option( 'chatpulse_token_secret', str_repeat( 'own', 20 ) );
				wp_set_current_user( $user );
				\$_REQUEST['_ajax_nonce'] = wp_create_nonce( 'chatpulse_settings_page' );
				Chatpulse\Admin\Settings_Page::answer_secrets();",
				"define( 'CHATPULSE_API_KEY', 'the key of the network' );"
			),
			true
		)['data'];

		$of_one = $see( '$id' );
		$this->assertSame( str_repeat( 'own', 20 ), $of_one['secrets']['chatpulse_token_secret'] );
		$this->assertStringContainsString( 'AUTH_SECRET=ownown', $of_one['environment'] );
		$this->assertStringContainsString( 'WP_API_KEY is set in wp-config.php', $of_one['environment'] );
		$this->assertStringNotContainsString( 'the key of the network', wp_json_encode( $of_one ) );
		$this->assertStringContainsString( 'WP_API_KEY=the key of the network', $see( '1' )['environment'] );
	}

	/** @depends test_who_is_removed_from_a_site_leaves_its_conversations_and_no_others */
	public function test_deactivating_deletes_nothing_and_deleting_deletes_only_where_a_site_asked_for_it(): void {
		self::$network->run( "switch_to_blog( 2 ); update_option( 'chatpulse_delete_data', '1' ); restore_current_blog(); deactivate_plugins( 'chatpulse/chatpulse.php', false, true );" );
		$this->assertCount( 6, $this->tables( '' ) );
		$this->assertCount( 6, $this->tables( '2_' ) );

		self::$network->run( "define( 'WP_UNINSTALL_PLUGIN', 'chatpulse/chatpulse.php' ); require WP_PLUGIN_DIR . '/chatpulse/uninstall.php';" );

		$this->assertCount( 6, $this->tables( '' ), 'The main site keeps its conversations.' );
		$this->assertCount( 0, $this->tables( '2_' ) );
		$this->assertNotSame( array(), $this->options( '' ) );
		$this->assertSame( array(), $this->options( '2_' ) );
	}

	/** @return string[] The plugin's tables of a site. */
	private function tables( string $site ): array {
		global $wpdb;
		return $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( self::PREFIX . $site . 'chatpulse_' ) . '%' ) );
	}

	/** @return string[] The plugin's options of a site. */
	private function options( string $site ): array {
		global $wpdb;
		return $wpdb->get_col( 'SELECT option_name FROM ' . self::PREFIX . "{$site}options WHERE option_name LIKE '%chatpulse\\_%'" );
	}
}
