<?php
/**
 * Settings that wp-config.php decides about.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/OtherSite.php';

final class ConstantsTest extends SiteTestCase {

	public function test_what_wp_config_sets_wins_is_not_shown_and_cannot_be_changed(): void {
		$site = new OtherSite( 'const_' );
		try {
			$site->install();
			$site->configure(
				"define( 'CHATPULSE_API_KEY', 'the key of wp-config' ); define( 'CHATPULSE_TOKEN_SECRET', 'the token secret of wp-config' );
				define( 'CHATPULSE_WEBHOOK_SECRET', 'the webhook secret of wp-config' ); define( 'CHATPULSE_SERVER_URL', 'http://127.0.0.1:4000/' );"
			);
			$answer = json_decode(
				$site->run(
					"activate_plugin( 'chatpulse/chatpulse.php' );
					wp_set_current_user( 1 );
					Chatpulse\\Admin\\Settings::register_settings();
					foreach ( array( 'chatpulse_api_key', 'chatpulse_server_url' ) as \$option ) {
						// What options.php does with a field that is not part of the form.
						update_option( \$option, null );
					}
					update_option( 'chatpulse_token_secret', str_repeat( 'another', 10 ) );
					ob_start();
					Chatpulse\\Admin\\Settings_Page::show();
					\$page = ob_get_clean();
					echo wp_json_encode( array(
						'settings'    => Chatpulse\\Admin\\Server_Environment::settings(),
						'server'      => Chatpulse\\Options::server_url(),
						'page'        => \$page,
						'information' => wp_json_encode( Chatpulse\\Admin\\Site_Health::add_information( array() ) ),
						'stored'      => get_option( 'chatpulse_token_secret', '' ),
					) );"
				),
				true
			);
		} finally {
			$site->remove();
		}

		$this->assertSame( 'the key of wp-config', $answer['settings']['WP_API_KEY'] );
		$this->assertSame( 'the token secret of wp-config', $answer['settings']['AUTH_SECRET'] );
		$this->assertSame( 'the webhook secret of wp-config', $answer['settings']['WEBHOOK_SECRET'] );
		$this->assertSame( 'http://127.0.0.1:4000', $answer['server'] );
		$this->assertSame( 4, substr_count( $answer['page'], 'set in wp-config.php' ) );
		$this->assertStringNotContainsString( 'name="chatpulse_api_key"', $answer['page'] );
		$this->assertStringNotContainsString( 'of wp-config<', $answer['page'] );
		$this->assertStringContainsString( '20 characters, in wp-config.php', $answer['information'] );
		$this->assertSame( '', $answer['stored'] );
	}
}
