<?php
/**
 * The zip that a site owner uploads.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/OtherSite.php';

final class PackageTest extends SiteTestCase {

	private static string $zip;

	public static function setUpBeforeClass(): void {
		self::$zip = self::package();
	}

	public function test_the_same_files_make_the_same_bytes(): void {
		$first = sha1_file( self::$zip );

		$this->assertSame( $first, sha1_file( self::package() ) );
	}

	public function test_it_has_what_a_site_needs_and_nothing_of_the_repository(): void {
		require_once ABSPATH . 'wp-admin/includes/class-pclzip.php';
		$files = array_column( ( new \PclZip( self::$zip ) )->listContent(), 'filename' );

		foreach ( array( 'chatpulse.php', 'uninstall.php', 'readme.txt', 'languages/chatpulse.pot', 'blocks/chat/block.json', 'assets/embed.js', 'assets/chat-' . \Chatpulse\VERSION . '/socket.io.esm.min.js' ) as $file ) {
			$this->assertContains( "chatpulse/$file", $files );
		}
		foreach ( $files as $file ) {
			$this->assertMatchesRegularExpression( '#^chatpulse/(?!\.)[\w./-]+\.(php|js|css|json|txt|pot)$#D', $file );
		}
		preg_match( '/^Stable tag: (.*)$/m', file_get_contents( dirname( \Chatpulse\PLUGIN_FILE ) . '/readme.txt' ), $stable );
		$this->assertSame( \Chatpulse\VERSION, $stable[1] );
		$this->assertSame( \Chatpulse\VERSION, get_file_data( \Chatpulse\PLUGIN_FILE, array( 'Version' ) )[0] );
	}

	public function test_a_site_installs_it_and_has_a_chat(): void {
		$site    = new OtherSite( 'zip_' );
		$content = $site->folder . '-content';
		mkdir( "$content/plugins", 0777, true );
		symlink( WP_CONTENT_DIR . '/themes', "$content/themes" );
		try {
			$site->configure( '', $content );
			$site->install();
			$answer = json_decode(
				$site->run(
					"require ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
					\$upgrader = new Plugin_Upgrader( new Automatic_Upgrader_Skin() );
					\$done = \$upgrader->install( '" . self::$zip . "' );
					if ( true !== \$done ) { throw new Exception( is_wp_error( \$done ) ? \$done->get_error_message() : 'not installed' ); }
					\$error = activate_plugin( 'chatpulse/chatpulse.php' );
					if ( is_wp_error( \$error ) ) { throw new Exception( \$error->get_error_message() ); }
					update_option( 'chatpulse_socket_url', 'https://chat.example.org' );
					wp_set_current_user( 1 );
					Chatpulse\\Chat_Block::register_block();
					\$_SERVER['REQUEST_METHOD'] = 'GET';
					\$answer = rest_do_request( new WP_REST_Request( 'GET', '/chatpulse-chat/v1/threads' ) );
					echo wp_json_encode( array(
						'tables'    => count( \$wpdb->get_col( \"SHOW TABLES LIKE 'zip\\\\_chatpulse\\\\_%'\" ) ),
						'secret'    => strlen( get_option( 'chatpulse_api_key' ) ),
						'shortcode' => do_shortcode( '[chatpulse-chat]' ),
						'status'    => \$answer->get_status(),
					) );"
				),
				true
			);
			$this->assertSame( array( 6, 64, 200 ), array( $answer['tables'], $answer['secret'], $answer['status'] ) );
			$this->assertStringContainsString( 'class="chatpulse-chat"', $answer['shortcode'] );
		} finally {
			$site->remove();
			exec( 'rm -rf ' . escapeshellarg( $content ) );
		}
	}

	/** Makes the zip; where it is. */
	private static function package(): string {
		$repository = dirname( __DIR__, 3 );
		exec( escapeshellarg( "$repository/package-plugin.sh" ) . ' 2>&1', $output, $status );
		self::assertSame( 0, $status, implode( "\n", $output ) );
		return "$repository/" . end( $output );
	}
}
